//! One request to somebody else, and its answer.

use std::path::PathBuf;
use std::time::Duration;

use super::allow_list::AllowList;

/// The rules of a call, as the settings have them.
pub struct CallRules {
    pub allow_list: AllowList,
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Time from the end of the request to the head of the answer.
    pub head_timeout: Duration,
    /// Time for the rest of the answer.
    pub body_timeout: Duration,
    /// A PEM file of certificates that vouch for servers beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// Makes requests by the rules. TLS is verified, a plain connection is for loopback addresses only, and no redirect is followed.
pub struct Http {}
