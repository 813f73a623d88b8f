//! Of envelopes and of their text form.

use vault_core::crypto::envelope::from_text;
use vault_core::crypto::{Context, DataKey, Envelope, EnvelopeError, KeyMaterial, Place};
use vault_core::ids::ProfileId;

/// Bytes that nobody sealed have the layout of an envelope or not, and never open; bytes that are text are a text form or
/// not. Either form comes back from the other.
pub fn hold(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert_eq!(from_text(&envelope.to_text()).as_deref(), Ok(bytes));
        let key = DataKey::from(&KeyMaterial::from(&[1; 32]));
        let context = Context::row(Place::PaymentMethodInstrument, "pm_1");
        let opened = envelope.open(&key, &ProfileId::from_administrator("pro_a"), &context);
        assert_eq!(opened.err(), Some(EnvelopeError::Damaged));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(read) = from_text(text)
    {
        let envelope = Envelope::parse(&read).expect("what was read has the layout");
        assert_eq!(envelope.to_text(), text);
    }
}
