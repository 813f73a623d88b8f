//! What may be called, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use super::allow_list::AllowList;

/// The rules of a call, taken from the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRules {
    /// What may be called.
    pub allow_list: AllowList,
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Time from the connection to the head of the answer.
    pub head_timeout: Duration,
    /// Time for the rest of the answer.
    pub body_timeout: Duration,
    /// A PEM file of certificates that vouch for servers beside the system's.
    pub ca_file: Option<PathBuf>,
}

impl CallRules {
    /// Time for a whole call, of one request or of several.
    pub fn whole_timeout(&self) -> Duration {
        self.connect_timeout + self.head_timeout + self.body_timeout
    }
}
