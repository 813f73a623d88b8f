//! JWE in compact form (RFC 7516) with RSA-OAEP-256 and A128GCM, put together from the primitives of OpenSSL: an
//! implementation that is not the vault's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::encrypt::{Decrypter, Encrypter};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private, Public};
use openssl::rand::rand_bytes;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use serde::Deserialize;
use serde_json::json;

/// What the vault's header must say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    enc: String,
    kid: String,
    typ: Option<String>,
}

/// Opens a JWE that was sealed for `key` under the name `key_id`.
///
/// # Errors
/// What is wrong with it.
pub fn open(text: &str, key: &PKey<Private>, key_id: &str) -> Result<Vec<u8>, &'static str> {
    let parts: Vec<_> = text.split('.').collect();
    let [header, encrypted_key, iv, ciphertext, tag] = parts.as_slice() else {
        return Err("the JWE does not have five parts");
    };
    check(&decoded(header)?, key_id)?;
    let content_key = unwrap_key(key, &decoded(encrypted_key)?)
        .ok()
        .filter(|content_key| content_key.len() == 16)
        .ok_or("the key of the JWE does not open")?;
    let (iv, tag) = (decoded(iv)?, decoded(tag)?);
    if iv.len() != 12 || tag.len() != 16 {
        return Err("the nonce or the tag of the JWE is not of full length");
    }
    let ciphertext = decoded(ciphertext)?;
    decrypt_aead(
        Cipher::aes_128_gcm(),
        &content_key,
        Some(&iv),
        header.as_bytes(),
        &ciphertext,
        &tag,
    )
    .map_err(|_| "the content of the JWE does not open")
}

fn check(header: &[u8], key_id: &str) -> Result<(), &'static str> {
    let header: Header = serde_json::from_slice(header)
        .map_err(|_| "the header of the JWE has not just alg, enc, kid and typ")?;
    if header.alg != "RSA-OAEP-256" {
        return Err("the alg of the JWE is not RSA-OAEP-256");
    }
    if header.enc != "A128GCM" {
        return Err("the enc of the JWE is not A128GCM");
    }
    if header.kid != key_id {
        return Err("the kid of the JWE is another key's");
    }
    match header.typ.as_deref() {
        None | Some("JWT") => Ok(()),
        Some(_) => Err("the typ of the JWE is not JWT"),
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| "a part of the JWE is not base64url")
}

fn unwrap_key(key: &PKey<Private>, wrapped: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut decrypter = Decrypter::new(key)?;
    decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
    decrypter.set_rsa_oaep_md(MessageDigest::sha256())?;
    decrypter.set_rsa_mgf1_md(MessageDigest::sha256())?;
    let mut content_key = vec![0; decrypter.decrypt_len(wrapped)?];
    let length = decrypter.decrypt(wrapped, &mut content_key)?;
    content_key.truncate(length);
    Ok(content_key)
}

/// Seals a text for the owner of `key`.
///
/// # Errors
/// When OpenSSL has no randomness or cannot use the key.
pub fn seal(text: &str, key: &PKey<Public>, key_id: &str) -> Result<String, ErrorStack> {
    let mut content_key = [0; 16];
    let mut iv = [0; 12];
    rand_bytes(&mut content_key)?;
    rand_bytes(&mut iv)?;
    let header = json!({"alg": "RSA-OAEP-256", "enc": "A128GCM", "kid": key_id, "typ": "JWT"});
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let mut tag = [0; 16];
    let cipher = Cipher::aes_128_gcm();
    let ciphertext = encrypt_aead(
        cipher,
        &content_key,
        Some(&iv),
        header.as_bytes(),
        text.as_bytes(),
        &mut tag,
    )?;
    let wrapped = wrap_key(key, &content_key)?;
    let [wrapped, iv, ciphertext, tag] =
        [&wrapped, iv.as_slice(), &ciphertext, &tag].map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok([header, wrapped, iv, ciphertext, tag].join("."))
}

fn wrap_key(key: &PKey<Public>, content_key: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut encrypter = Encrypter::new(key)?;
    encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
    encrypter.set_rsa_oaep_md(MessageDigest::sha256())?;
    encrypter.set_rsa_mgf1_md(MessageDigest::sha256())?;
    let mut wrapped = vec![0; encrypter.encrypt_len(content_key)?];
    let length = encrypter.encrypt(content_key, &mut wrapped)?;
    wrapped.truncate(length);
    Ok(wrapped)
}
