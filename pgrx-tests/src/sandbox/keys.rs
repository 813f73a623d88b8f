//! The two key pairs between the vault and the sandbox of a token service, as PEM files.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::Rsa;

/// What the service needs of them.
pub struct Keys {
    /// Opens what the vault sends.
    pub own: PKey<Private>,
    /// Seals what the vault gets.
    pub vaults: PKey<Public>,
}

impl Keys {
    /// Reads `service_private.pem`, `service_public.pem`, `vault_private.pem` and `vault_public.pem` of a directory, and makes
    /// those pairs that are not there.
    ///
    /// # Errors
    /// When a file cannot be read or written, or is no key.
    pub fn in_directory(directory: &Path) -> io::Result<Keys> {
        fs::create_dir_all(directory)?;
        for name in ["service", "vault"] {
            if !directory.join(format!("{name}_private.pem")).exists() {
                make_pair(directory, name)?;
            }
        }
        Ok(Keys {
            own: PKey::private_key_from_pem(&fs::read(directory.join("service_private.pem"))?)?,
            vaults: PKey::public_key_from_pem(&fs::read(directory.join("vault_public.pem"))?)?,
        })
    }
}

fn make_pair(directory: &Path, name: &str) -> io::Result<()> {
    let pair = PKey::from_rsa(Rsa::generate(2048)?)?;
    write(
        &directory.join(format!("{name}_public.pem")),
        &pair.public_key_to_pem()?,
    )?;
    write(
        &directory.join(format!("{name}_private.pem")),
        &pair.private_key_to_pem_pkcs8()?,
    )
}

/// Writes a file that only its owner can read.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)
}
