//! JWE in compact form (RFC 7516) as Hyperswitch and its token service have it: RSA-OAEP-256 and AES-GCM.

use josekit::jwe::alg::rsaes::{RsaesJweDecrypter, RsaesJweEncrypter};
use josekit::jwe::{JweDecrypter, JweHeader, RSA_OAEP_256};
use zeroize::Zeroizing;

/// The encryption of what is sent.
const SENT: &str = "A128GCM";

/// The encryptions that an answer may have. Hyperswitch does not check them. A longer key is allowed as well.
const TAKEN: [&str; 2] = [SENT, "A256GCM"];

/// The characters of a nonce of 12 bytes and of a tag of 16 (RFC 7518, section 5.3), in base64url.
const NONCE_CHARACTERS: usize = 16;
const TAG_CHARACTERS: usize = 22;

/// A JWE is not of the agreed form or does not open, or a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable;

/// The other side's public key, and its name there.
pub struct Sealer {
    key: RsaesJweEncrypter,
    key_id: String,
}

impl Sealer {
    /// Reads a public key of at least 2048 bits.
    ///
    /// # Errors
    /// [`Unusable`] when the PEM text is none.
    pub fn from_pem(public_key: &str, key_id: &str) -> Result<Self, Unusable> {
        Ok(Self {
            key: RSA_OAEP_256
                .encrypter_from_pem(public_key)
                .map_err(|_| Unusable)?,
            key_id: key_id.to_owned(),
        })
    }

    /// Seals a text for the other side. For each text the library makes a new key by OpenSSL's generator, and does not wipe it:
    /// whoever reads freed memory and has the sealed text can open this one text.
    ///
    /// # Errors
    /// [`Unusable`] when the key cannot seal.
    pub fn seal(&self, text: &[u8]) -> Result<String, Unusable> {
        let mut header = JweHeader::new();
        header.set_content_encryption(SENT);
        header.set_token_type("JWT");
        header.set_key_id(&self.key_id);
        josekit::jwe::serialize_compact(text, &header, &self.key).map_err(|_| Unusable)
    }
}

/// The vault's private key for one service. OpenSSL wipes it.
pub struct Opener(RsaesJweDecrypter);

impl Opener {
    /// Reads a private key of at least 2048 bits.
    ///
    /// # Errors
    /// [`Unusable`] when the PEM text is none.
    pub fn from_pem(private_key: &str) -> Result<Self, Unusable> {
        RSA_OAEP_256
            .decrypter_from_pem(private_key)
            .map(Self)
            .map_err(|_| Unusable)
    }

    /// Opens what the other side sealed. The name of the key in it is not checked, nor does Hyperswitch check it: there is one key.
    ///
    /// # Errors
    /// [`Unusable`], for any reason.
    pub fn open(&self, sealed: &str) -> Result<Zeroizing<Vec<u8>>, Unusable> {
        check_lengths(sealed)?;
        let decrypter = |header: &JweHeader| {
            let key: &dyn JweDecrypter = &self.0;
            Ok(is_agreed(header).then_some(key))
        };
        josekit::jwe::deserialize_compact_with_selector(sealed, decrypter)
            .map(|(text, _)| Zeroizing::new(text))
            .map_err(|_| Unusable)
    }
}

/// Refuses shortened tags, which are quickly guessed: OpenSSL and the library would take them.
fn check_lengths(sealed: &str) -> Result<(), Unusable> {
    let mut parts = sealed.split('.').skip(2).map(str::len);
    let lengths = [parts.next(), parts.next(), parts.next(), parts.next()];
    match lengths {
        [Some(NONCE_CHARACTERS), Some(_), Some(TAG_CHARACTERS), None] => Ok(()),
        _ => Err(Unusable),
    }
}

/// Whether the header names the agreed algorithms, no compression (a short text could become a very long one), and no extension
/// that must be understood.
fn is_agreed(header: &JweHeader) -> bool {
    header.algorithm() == Some(RSA_OAEP_256.name())
        && header
            .content_encryption()
            .is_some_and(|encryption| TAKEN.contains(&encryption))
        && header.claim("zip").is_none()
        && header.claim("crit").is_none()
}
