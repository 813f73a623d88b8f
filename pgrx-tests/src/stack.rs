//! A running stack: the one that the environment names, or a private one that a test may break.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::ops::Deref;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use postgres::Config;

use crate::http::Client;
use crate::random;
use crate::sql::Session;

/// Where PostgreSQL and nginx of one stack are found.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Host and port of nginx.
    pub server: SocketAddr,
    /// The directory of everything that the stack writes.
    pub state: PathBuf,
    socket_directory: String,
    port: u16,
    database: String,
}

impl Stack {
    /// The stack that the environment names.
    pub fn shared() -> Stack {
        Stack::from_variables(variable)
    }

    fn from_variables(variable: impl Fn(&str) -> String) -> Stack {
        let url = variable("VAULT_URL");
        let server = url.trim_start_matches("http://").trim_end_matches('/');
        Stack {
            server: server
                .parse()
                .unwrap_or_else(|_| panic!("VAULT_URL is not an address and port: {url}")),
            state: variable("VAULT_STATE").into(),
            socket_directory: variable("PGHOST"),
            port: variable("PGPORT").parse().expect("PGPORT is a number"),
            database: variable("PGDATABASE"),
        }
    }

    /// A client of the HTTP interface with an address of its own.
    pub fn client(&self) -> Client {
        Client {
            server: self.server,
            address: random::address(),
        }
    }

    /// A connection to the database as `role`.
    pub fn session(&self, role: &str) -> Session {
        Session::open(
            Config::new()
                .host(&self.socket_directory)
                .port(self.port)
                .dbname(&self.database)
                .user(role)
                .application_name("vault-tests"),
        )
    }

    /// A connection as the superuser: for set-up, and to look at what really lies in the tables.
    pub fn superuser(&self) -> Session {
        self.session("postgres")
    }

    /// What `pg_dump` makes of the whole database.
    pub fn dump(&self) -> Vec<u8> {
        let output = Command::new(self.postgresql("pg_dump"))
            .args([
                "-U",
                "postgres",
                "-p",
                &self.port.to_string(),
                "-h",
                &self.socket_directory,
                &self.database,
            ])
            .output()
            .expect("pg_dump can be run");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// A program of the stack's own PostgreSQL.
    fn postgresql(&self, program: &str) -> PathBuf {
        self.state
            .join("postgresql/usr/lib/postgresql/15/bin")
            .join(program)
    }

    /// Where the database listens.
    pub fn socket_directory(&self) -> &Path {
        Path::new(&self.socket_directory)
    }
}

/// A variable of the environment that every test needs.
pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: these tests need a running stack, run `make test`")
    })
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A stack that belongs to one test: `docker/stack run` keeps it up for as long as this value lives.
pub struct PrivateStack {
    stack: Stack,
    process: Child,
    lifeline: Option<ChildStdin>,
}

/// The command inside prints its environment and then waits until its input is closed.
const HOLD: &str = "env; echo; echo the stack is up; cat >/dev/null";

impl PrivateStack {
    pub fn start() -> PrivateStack {
        let mut process = Command::new(repository("docker/stack"))
            .args(["run", "--", "sh", "-c", HOLD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("docker/stack can be run");
        let lifeline = process.stdin.take();
        let variables: HashMap<String, String> =
            BufReader::new(process.stdout.take().expect("a pipe"))
                .lines()
                .map_while(Result::ok)
                .take_while(|line| line != "the stack is up")
                .filter_map(|line| {
                    line.split_once('=')
                        .map(|(name, value)| (name.to_owned(), value.to_owned()))
                })
                .collect();
        let variable = |name: &str| {
            variables
                .get(name)
                .cloned()
                .unwrap_or_else(|| panic!("the stack has no {name}"))
        };
        PrivateStack {
            stack: Stack::from_variables(variable),
            process,
            lifeline,
        }
    }
}

impl PrivateStack {
    /// Ends PostgREST; nginx and PostgreSQL go on.
    pub fn kill_postgrest(&self) {
        kill(&self.state.join("run/postgrest.pid"));
    }

    /// Ends the postmaster as a loss of power would, as far as the database can tell.
    pub fn crash(&self) {
        kill(&self.state.join("data/postmaster.pid"));
    }

    /// Stops PostgreSQL in good order.
    pub fn stop(&self) {
        let mut stop = self.server_program("pg_ctl");
        stop.args(["stop", "-w", "-s", "-m", "fast", "-D"])
            .arg(self.state.join("data"));
        assert!(
            stop.status().is_ok_and(|status| status.success()),
            "PostgreSQL does not stop"
        );
    }

    /// Starts PostgreSQL again, and waits until it answers.
    pub fn restart(&self) {
        // The old backends may take a moment to notice that their postmaster is gone.
        let started = (0..50).any(|_| {
            sleep(Duration::from_millis(200));
            self.server_program("pg_ctl")
                .args(["start", "-w", "-s", "-D"])
                .arg(self.state.join("data"))
                .arg("-l")
                .arg(self.state.join("log/postgresql.log"))
                .status()
                .is_ok_and(|status| status.success())
        });
        assert!(
            started,
            "PostgreSQL does not start again: see {}",
            self.state.join("log").display()
        );
    }

    /// Copies the whole cluster, with the WAL, into a new directory.
    pub fn base_backup(&self, directory: &Path) {
        let owner = fs::metadata(self.state.join("data")).expect("a data directory");
        fs::create_dir(directory).expect("a new directory");
        chown(directory, Some(owner.uid()), Some(owner.gid())).expect("a directory for its owner");
        let mut backup = self.server_program("pg_basebackup");
        backup
            .args(["-U", "postgres", "-c", "fast", "-X", "stream", "-p"])
            .arg(self.port.to_string())
            .arg("-h")
            .arg(&self.socket_directory)
            .arg("-D")
            .arg(directory);
        assert!(
            backup.status().is_ok_and(|status| status.success()),
            "no base backup"
        );
    }

    /// A program of PostgreSQL, run quietly as the server's user.
    fn server_program(&self, program: &str) -> Command {
        let owner = fs::metadata(self.state.join("data")).expect("a data directory");
        let mut command = Command::new(self.postgresql(program));
        command
            .env_remove("RUST_BACKTRACE")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .uid(owner.uid())
            .gid(owner.gid());
        command
    }
}

/// Kills the process whose pid is the first line of a file, and waits until it is gone.
fn kill(pid_file: &Path) {
    let text = fs::read_to_string(pid_file)
        .unwrap_or_else(|error| panic!("{}: {error}", pid_file.display()));
    let pid = text.lines().next().expect("a pid");
    let status = Command::new("kill")
        .args(["-9", pid])
        .status()
        .expect("kill can be run");
    assert!(status.success(), "cannot kill {pid}");
    let gone = (0..100).any(|_| {
        sleep(Duration::from_millis(50));
        !Path::new("/proc").join(pid).exists()
    });
    assert!(gone, "{pid} does not end");
}

impl Deref for PrivateStack {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        &self.stack
    }
}

impl Drop for PrivateStack {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.process.wait();
    }
}
