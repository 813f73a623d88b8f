//! The published test vectors, run through the same keys and code paths that the vault uses, each with its damaged twin.

use aes_gcm::aead::{Aead, Payload};
use hex_literal::hex;
use hmac::Mac;
use shake::Shake128;
use shake::digest::{ExtendableOutput, Update, XofReader};

use super::key::{DataKey, IndexKey, KeyMaterial};

struct Vector {
    key: [u8; 32],
    nonce: [u8; 24],
    associated_data: &'static [u8],
    plaintext: &'static [u8],
    sealed: &'static [u8],
}

/// <https://c2sp.org/XAES-256-GCM>, test vectors: one for each most significant bit of the derived block L.
const XAES_256_GCM: [Vector; 2] = [
    Vector {
        key: [1; 32],
        nonce: *b"ABCDEFGHIJKLMNOPQRSTUVWX",
        associated_data: b"",
        plaintext: b"XAES-256-GCM",
        sealed: &hex!("ce546ef63c9cc60765923609 b33a9a1974e96e52daf2fcf7075e2271"),
    },
    Vector {
        key: [3; 32],
        nonce: *b"ABCDEFGHIJKLMNOPQRSTUVWX",
        associated_data: b"c2sp.org/XAES-256-GCM",
        plaintext: b"XAES-256-GCM",
        sealed: &hex!("986ec1832593df5443a17943 7fd083bf3fdb41abd740a21f71eb769d"),
    },
];

fn seal(key: &[u8; 32], nonce: &[u8; 24], associated_data: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let payload = Payload {
        msg: plaintext,
        aad: associated_data,
    };
    let key = DataKey::from(&KeyMaterial::from(key));
    key.cipher.encrypt(nonce.into(), payload).unwrap()
}

fn open(vector: &Vector, associated_data: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let payload = Payload {
        msg: sealed,
        aad: associated_data,
    };
    let key = DataKey::from(&KeyMaterial::from(&vector.key));
    key.cipher.decrypt((&vector.nonce).into(), payload).ok()
}

#[test]
fn xaes_256_gcm_seals_and_opens_the_c2sp_vectors() {
    for vector in XAES_256_GCM {
        let sealed = seal(
            &vector.key,
            &vector.nonce,
            vector.associated_data,
            vector.plaintext,
        );
        assert_eq!(sealed, vector.sealed);
        assert_eq!(
            open(&vector, vector.associated_data, vector.sealed).as_deref(),
            Some(vector.plaintext)
        );
    }
}

#[test]
fn xaes_256_gcm_does_not_open_the_c2sp_vectors_when_any_bit_is_flipped() {
    for vector in XAES_256_GCM {
        for bit in 0..vector.sealed.len() * 8 {
            let mut damaged = vector.sealed.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&vector, vector.associated_data, &damaged), None);
        }
        assert_eq!(open(&vector, b"other", vector.sealed), None);
    }
}

/// The accumulated vectors of the same specification: 10,000 random messages from SHAKE-128, all ciphertexts hashed.
#[test]
fn xaes_256_gcm_gives_the_accumulated_c2sp_hash() {
    let mut source = Shake128::default().finalize_xof();
    let mut hash = Shake128::default();
    for _ in 0..10_000 {
        let key: [u8; 32] = read(&mut source, 32).try_into().unwrap();
        let nonce: [u8; 24] = read(&mut source, 24).try_into().unwrap();
        let length = read(&mut source, 1)[0];
        let plaintext = read(&mut source, length.into());
        let length = read(&mut source, 1)[0];
        let associated_data = read(&mut source, length.into());
        hash.update(&seal(&key, &nonce, &associated_data, &plaintext));
    }
    assert_eq!(
        read(&mut hash.finalize_xof(), 32),
        hex!("e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939")
    );
}

fn read(source: &mut impl XofReader, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    source.read(&mut bytes);
    bytes
}

/// RFC 4231, test case 2: its key `Jefe` is shorter than ours, and HMAC pads keys with zeros.
#[test]
fn hmac_sha_256_gives_the_rfc_4231_value() {
    let mac = |message: &[u8]| -> [u8; 32] {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mut mac = (*IndexKey::from(&KeyMaterial::from(&key)).mac).clone();
        Mac::update(&mut mac, message);
        mac.finalize().into_bytes().into()
    };
    let expected = hex!("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(mac(b"what do ya want for nothing?"), expected);
    assert_ne!(mac(b"what do ya want for nothing!"), expected);
}
