//! Sealed values of applications' columns.

use proptest::prelude::*;
use vault_core::crypto::column_value::{Binding, open, open_to_reseal, seal};
use vault_core::crypto::envelope::NONCE_LENGTH;
use vault_core::crypto::{Context, Envelope, EnvelopeError, KeyId, Slot};
use vault_core::ids::ProfileId;

use crate::config;
use crate::inputs::{bytes, damage, data_key, place, plaintext, profile, text};

const NEXT_KEY: [u8; 32] = [7; 32];

#[derive(Debug, Clone, PartialEq)]
enum Column {
    Text,
    Json,
    Labelled(Vec<u8>),
}

impl Column {
    fn slot(&self) -> Slot<'_> {
        match self {
            Self::Text => Slot::Text,
            Self::Json => Slot::Json,
            Self::Labelled(label) => Slot::Label(label),
        }
    }
}

#[derive(Debug, Clone)]
struct Sealed {
    key: [u8; 32],
    profile: ProfileId,
    column: Column,
    context: String,
    plaintext: Vec<u8>,
    bytes: Vec<u8>,
}

impl Sealed {
    fn open(
        &self,
        profile: &ProfileId,
        column: &Column,
        context: &str,
    ) -> Result<Vec<u8>, EnvelopeError> {
        self.open_bytes(&self.bytes, profile, column, context)
    }

    fn open_bytes(
        &self,
        bytes: &[u8],
        profile: &ProfileId,
        column: &Column,
        context: &str,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let envelope = Envelope::parse(bytes)?;
        let binding = Binding::to_context(context);
        let opened = open(
            &envelope,
            &data_key(self.key),
            profile,
            column.slot(),
            &binding,
        )?;
        Ok(opened.to_vec())
    }
}

fn column() -> impl Strategy<Value = Column> {
    prop_oneof![
        Just(Column::Text),
        Just(Column::Json),
        bytes().prop_map(Column::Labelled),
        // A label that spells the name of another type.
        Just(Column::Labelled(b"text".to_vec())),
    ]
}

fn context() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), text()]
}

prop_compose! {
    fn sealed()(
        key: [u8; 32],
        nonce: [u8; NONCE_LENGTH],
        profile in profile(),
        column in column(),
        context in context(),
        plaintext in plaintext(),
    ) -> Sealed {
        let binding = Binding::to_context(&context);
        let bytes = seal(
            &data_key(key), KeyId(3), nonce, &profile, column.slot(), &binding, &plaintext,
        ).unwrap();
        Sealed { key, profile, column, context, plaintext, bytes }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_value_opens_in_its_own_slot_and_context(sealed in sealed()) {
        let opened = sealed.open(&sealed.profile, &sealed.column, &sealed.context);
        prop_assert_eq!(opened, Ok(sealed.plaintext));
    }

    #[test]
    fn a_value_opens_in_no_other_slot_context_or_profile(
        sealed in sealed(),
        profile in profile(),
        column in column(),
        context in context(),
    ) {
        let damaged = Err(EnvelopeError::Damaged);
        if profile != sealed.profile {
            prop_assert_eq!(&sealed.open(&profile, &sealed.column, &sealed.context), &damaged);
        }
        if column != sealed.column {
            prop_assert_eq!(&sealed.open(&sealed.profile, &column, &sealed.context), &damaged);
        }
        if context != sealed.context {
            prop_assert_eq!(&sealed.open(&sealed.profile, &sealed.column, &context), &damaged);
        }
    }

    #[test]
    fn a_value_of_a_column_is_none_of_a_row(sealed in sealed(), place in place(), row in text()) {
        let place = Context::row(place, &row);
        let opened = Envelope::parse(&sealed.bytes).unwrap().open(&data_key(sealed.key), &sealed.profile, &place);
        prop_assert_eq!(opened.err(), Some(EnvelopeError::Damaged));
    }

    #[test]
    fn with_any_byte_changed_it_does_not_open(sealed in sealed(), damage in damage()) {
        let bytes = damage.to(&sealed.bytes);
        let opened = sealed.open_bytes(&bytes, &sealed.profile, &sealed.column, &sealed.context);
        prop_assert!(opened.is_err());
    }

    #[test]
    fn sealed_anew_it_opens_in_the_same_context_alone(
        sealed in sealed(),
        nonce: [u8; NONCE_LENGTH],
        other in context(),
    ) {
        let envelope = Envelope::parse(&sealed.bytes).unwrap();
        let slot = sealed.column.slot();
        let (binding, plaintext) =
            open_to_reseal(&envelope, &data_key(sealed.key), &sealed.profile, slot).unwrap();
        let bytes = seal(
            &data_key(NEXT_KEY), KeyId(4), nonce, &sealed.profile, slot, &binding, &plaintext,
        ).unwrap();
        let anew = Sealed { key: NEXT_KEY, bytes, ..sealed.clone() };
        let open = |context: &str| anew.open(&sealed.profile, &sealed.column, context);
        prop_assert_eq!(open(&sealed.context), Ok(sealed.plaintext.clone()));
        if other != sealed.context {
            prop_assert_eq!(open(&other), Err(EnvelopeError::Damaged));
        }
    }
}
