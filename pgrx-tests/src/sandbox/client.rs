//! Starts a sandbox for a test, tells it what to do and asks what it has seen.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::http::{Answer, Client, Request};
use crate::random;

/// A free port of this machine.
const FREE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// An address at which a sandbox may listen that accounts of a stack of `docker/stack run` call: the stack's
/// `vault.connector_hosts` names the network with this port.
pub fn allowed_address() -> SocketAddr {
    let [_, _, c, d] = random::address().octets();
    let address = Ipv4Addr::new(127, fastrand::u8(64..128), c, d);
    SocketAddr::from((address, 29_170))
}

/// A sandbox that runs. It ends when this is dropped, and when the test's process ends.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
}

impl Program {
    /// Starts an executable, such as `env!("CARGO_BIN_EXE_sandbox-provider")`, on a free port.
    #[track_caller]
    pub fn start(executable: &str, arguments: &[&str]) -> Program {
        let mut child = Command::new(executable)
            .args(arguments)
            .args(["--end", "with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{executable} does not start: {error}"));
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line
            .trim_end()
            .strip_prefix("listening on ")
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("{executable} does not say where it listens: {line:?}"));
        Program { child, address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Has it misbehave from now on, as `Behaviour` has it.
    #[track_caller]
    pub fn behave(&self, behaviour: &Value) {
        let request = Request::new("POST", "/_sandbox/behaviour").json(behaviour);
        let answer = self.send(&request);
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    /// Has it behave well again.
    #[track_caller]
    pub fn behave_well(&self) {
        self.behave(&Value::Null);
    }

    /// What it has seen.
    #[track_caller]
    pub fn state(&self) -> Value {
        self.send(&Request::new("GET", "/_sandbox/state")).ok()
    }

    /// What it was sent and should not have been.
    #[track_caller]
    pub fn violations(&self) -> Vec<String> {
        let state = self.state();
        let violations = state["violations"].as_array().expect("violations");
        let text = |violation: &Value| violation.as_str().expect("a text").to_owned();
        violations.iter().map(text).collect()
    }

    /// Sends a request past the vault. Panics if there is no answer.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        let client = Client {
            server: self.address,
            address: Ipv4Addr::LOCALHOST,
        };
        client.exchange(&request.bytes())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sandbox of a payment service provider.
pub struct SandboxProvider {
    program: Program,
    pub secret_key: String,
}

impl SandboxProvider {
    /// Starts `env!("CARGO_BIN_EXE_sandbox-provider")` with a secret key of its own.
    #[track_caller]
    pub fn start(executable: &str) -> SandboxProvider {
        SandboxProvider::start_at(executable, FREE)
    }

    /// The same at an address and port.
    #[track_caller]
    pub fn start_at(executable: &str, address: SocketAddr) -> SandboxProvider {
        let secret_key = format!("sk_test_{}", random::alphanumerics(32));
        let address = address.to_string();
        let arguments = ["--listen", &address, "--secret-key", &secret_key];
        let program = Program::start(executable, &arguments);
        SandboxProvider {
            program,
            secret_key,
        }
    }

    /// The settings of an account of kind `stripe`; its credentials are the secret key.
    pub fn stripe_settings(&self) -> Value {
        json!({"api_base": self.url("")})
    }

    /// The settings of an account of kind `http_template`, with all that can be filled in.
    pub fn template_settings(&self) -> Value {
        let headers = json!({"X-Api-Key": "{{credentials.api_key}}"});
        json!({
            "request": {
                "method": "POST",
                "url": self.url("/tokens"),
                "headers": {"X-Api-Key": "{{credentials.api_key}}", "Idempotency-Key": "{{reference}}"},
                "body": {"json": {
                    "type": "card",
                    "number": "{{card_number}}",
                    "expiry_month": "{{card_exp_month}}",
                    "expiry_year": "{{card_exp_year}}",
                    "name": "{{card_holder_name}}",
                    "reference": "{{reference}}",
                    "use": "{{token_use}}",
                    "customer": {"id": "{{customer_id}}"},
                }},
            },
            "token": "/token",
            "connector_customer_id": "/customer/id",
            "delete": {"method": "DELETE", "url": self.url("/tokens/{{token}}"), "headers": headers},
        })
    }

    /// The credentials for [`Self::template_settings`].
    pub fn template_credentials(&self) -> Value {
        json!({"api_key": self.secret_key})
    }
}

impl Deref for SandboxProvider {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// The sandbox of a token service, with keys of its own.
pub struct SandboxTokenService {
    program: Program,
    directory: PathBuf,
}

impl SandboxTokenService {
    /// Starts `env!("CARGO_BIN_EXE_sandbox-token-service")`. Its keys are below `directory` while it runs, such as
    /// `env!("CARGO_TARGET_TMPDIR")`.
    #[track_caller]
    pub fn start(executable: &str, directory: &str) -> SandboxTokenService {
        SandboxTokenService::start_at(executable, directory, FREE)
    }

    /// The same at an address and port.
    #[track_caller]
    pub fn start_at(executable: &str, directory: &str, address: SocketAddr) -> SandboxTokenService {
        let directory = Path::new(directory).join(random::name("token_service"));
        let api_key = random::alphanumerics(40);
        let keys = directory.to_str().expect("a path in UTF-8");
        let address = address.to_string();
        let arguments = [
            "--listen",
            &address,
            "--api-key",
            &api_key,
            "--keys-dir",
            keys,
        ];
        let program = Program::start(executable, &arguments);
        SandboxTokenService { program, directory }
    }

    /// The settings of an account of kind `token_service`.
    pub fn settings(&self) -> Value {
        self.json("settings.json")
    }

    /// Its credentials.
    pub fn credentials(&self) -> Value {
        self.json("credentials.json")
    }

    /// Where its keys are.
    pub fn directory(&self) -> &str {
        self.directory.to_str().expect("a path in UTF-8")
    }

    /// A key file: `service_public.pem` and the like.
    pub fn pem(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.join(name)).expect("a key file")
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.pem(name)).expect("JSON")
    }
}

impl Deref for SandboxTokenService {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl Drop for SandboxTokenService {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
