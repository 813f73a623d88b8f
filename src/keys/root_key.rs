//! The root key: printed by `vault.root_key_command` once, when the server starts, and kept in memory from then on.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use vault_core::crypto::{CheckValue, RootKey};
use zeroize::Zeroizing;

use super::memory::exclude_from_core_dumps;
use crate::error::Sealed;
use crate::settings;

/// More than a hundred keys; a command that prints more prints something else.
const OUTPUT_LIMIT: usize = 8 * 1024;

/// Set in the postmaster, inherited by every backend.
static ROOT_KEYS: OnceLock<Result<RootKeys, Sealed>> = OnceLock::new();

/// The current root key and earlier ones.
pub struct RootKeys {
    current: RootKey,
    earlier: Vec<RootKey>,
}

impl RootKeys {
    /// The key that wraps new data keys.
    pub fn current(&self) -> &RootKey {
        &self.current
    }

    /// The key with this check value.
    pub fn with_check_value(&self, check_value: CheckValue) -> Option<&RootKey> {
        std::iter::once(&self.current)
            .chain(&self.earlier)
            .find(|key| key.check_value() == check_value)
    }
}

/// Runs the command. Called by the postmaster before it forks any backend. A sealed vault does not keep the server from
/// starting: the other databases in it may have nothing to do with it.
pub fn load_at_server_start() {
    if let Err(reason) = ROOT_KEYS.get_or_init(run_command) {
        pgrx::warning!("vault is sealed: {reason}");
    }
}

/// The root keys of this server.
///
/// # Errors
/// Says why the vault is sealed.
pub fn root_keys() -> Result<&'static RootKeys, Sealed> {
    match ROOT_KEYS.get() {
        Some(Ok(keys)) => Ok(keys),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err(Sealed::NotPreloaded),
    }
}

fn run_command() -> Result<RootKeys, Sealed> {
    let command = settings::root_key_command().ok_or(Sealed::NoCommand)?;
    let mut child = Command::new("/bin/sh")
        .args(["-c", &command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| Sealed::NotStarted)?;
    let output = read_output(&mut child, settings::root_key_timeout());
    if output.is_err() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|_| Sealed::NotStarted)?;
    let output = output?;
    if !status.success() {
        return Err(Sealed::Failed(status.code().unwrap_or(-1)));
    }
    parse(&output)
}

fn parse(output: &[u8]) -> Result<RootKeys, Sealed> {
    let text = std::str::from_utf8(output).unwrap_or_default();
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let key = RootKey::from_hex_line(line).map_err(|reason| Sealed::NotAKey {
            line: index + 1,
            reason: reason.to_string(),
        })?;
        exclude_from_core_dumps(key.location());
        keys.push(key);
    }
    let mut keys = keys.into_iter();
    let current = keys.next().ok_or_else(|| Sealed::NotAKey {
        line: 1,
        reason: "it printed no text".to_owned(),
    })?;
    Ok(RootKeys {
        current,
        earlier: keys.collect(),
    })
}

/// All that the command prints, within the time and the limit.
fn read_output(child: &mut Child, timeout: Duration) -> Result<Zeroizing<Vec<u8>>, Sealed> {
    let mut stdout = child.stdout.take().ok_or(Sealed::NotStarted)?;
    let deadline = Instant::now() + timeout;
    // Never grows, so that no reallocation leaves a copy of the key behind.
    let mut output = Zeroizing::new(vec![0; OUTPUT_LIMIT]);
    let mut length = 0;
    loop {
        wait_until_readable(&stdout, deadline)?;
        let free = output.get_mut(length..).ok_or(Sealed::TooLong)?;
        match stdout.read(free) {
            Ok(0) if free.is_empty() => return Err(Sealed::TooLong),
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Sealed::NotStarted),
        }
    }
    output.truncate(length);
    Ok(output)
}

fn wait_until_readable(stdout: &ChildStdout, deadline: Instant) -> Result<(), Sealed> {
    let mut poll = libc::pollfd {
        fd: stdout.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    loop {
        let left = deadline
            .saturating_duration_since(Instant::now())
            .as_millis();
        // SAFETY: one valid pollfd, on a descriptor that `stdout` keeps open.
        let ready = unsafe { libc::poll(&mut poll, 1, i32::try_from(left).unwrap_or(i32::MAX)) };
        match ready {
            0 => return Err(Sealed::TimedOut),
            1.. => return Ok(()),
            _ if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {}
            _ => return Err(Sealed::NotStarted),
        }
    }
}
