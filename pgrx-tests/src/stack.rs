//! A running stack: the one that the environment names, or a private one that a test may break.

use std::collections::HashMap;
use std::env;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Deref;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use postgres::{Config, NoTls};

use crate::http::Client;
use crate::processes::{children, first_line, kill, kill_process, send_signal};
use crate::random;
use crate::sql::Session;

/// Where PostgreSQL and nginx of one stack are found.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Host and port of nginx.
    pub server: SocketAddr,
    /// Host and port of the figures for Prometheus.
    pub metrics: SocketAddr,
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
        let metrics = variable("VAULT_METRICS_URL");
        Stack {
            server: server
                .parse()
                .unwrap_or_else(|_| panic!("VAULT_URL is not an address and port: {url}")),
            metrics: metrics
                .trim_start_matches("http://")
                .trim_end_matches("/metrics")
                .parse()
                .unwrap_or_else(|_| panic!("VAULT_METRICS_URL has no address and port: {metrics}")),
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
        Session::open(&self.config(role))
    }

    fn config(&self, role: &str) -> Config {
        let mut config = Config::new();
        config
            .host(&self.socket_directory)
            .port(self.port)
            .dbname(&self.database)
            .user(role)
            .application_name("vault-tests");
        config
    }

    /// A connection as the superuser: for set-up, and to look at what really lies in the tables.
    pub fn superuser(&self) -> Session {
        self.session("postgres")
    }

    /// The same server, with another of its databases.
    pub fn database(&self, name: &str) -> Stack {
        Stack {
            database: name.to_owned(),
            ..self.clone()
        }
    }

    /// Another server of the same stack, by its port.
    pub fn at(&self, port: u16) -> Stack {
        Stack {
            port,
            ..self.clone()
        }
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.database
    }

    /// What `pg_dump` makes of the whole database.
    pub fn dump(&self) -> Vec<u8> {
        self.dump_with(&[])
    }

    /// What `pg_dump` makes of what the options say.
    pub fn dump_with(&self, options: &[&str]) -> Vec<u8> {
        output(
            self.client_program("pg_dump")
                .args(options)
                .arg(&self.database),
        )
    }

    /// The roles and their memberships, as `pg_dumpall` writes them down.
    pub fn dump_roles(&self) -> Vec<u8> {
        output(self.client_program("pg_dumpall").arg("--roles-only"))
    }

    /// Has `psql` run a script, and stop at its first error.
    pub fn run_script(&self, script: &[u8]) {
        let mut psql = self
            .client_program("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.database])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("psql can be run");
        let written = psql.stdin.take().expect("a pipe").write_all(script);
        let status = psql.wait().expect("psql ends");
        assert!(status.success() && written.is_ok(), "psql: {status}");
    }

    /// What `psql` prints of a script, up to its first error.
    pub fn script_output(&self, script: &Path) -> String {
        let mut psql = self.client_program("psql");
        let psql = psql.args(["-X", "-d", &self.database, "-f"]).arg(script);
        String::from_utf8(output(psql)).expect("psql prints text")
    }

    /// Runs commands of a shell in a folder. The programs of PostgreSQL in them connect as the superuser.
    pub fn run_commands(&self, commands: &str, folder: &Path) {
        let status = Command::new("bash")
            .args(["-e", "-u", "-c", commands])
            .current_dir(folder)
            .env(
                "PATH",
                format!(
                    "{}:{}",
                    self.state.join("postgresql/bin").display(),
                    variable("PATH")
                ),
            )
            .env("PGHOST", &self.socket_directory)
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "postgres")
            .stdout(Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{commands}");
    }

    /// A program that connects as the superuser.
    fn client_program(&self, program: &str) -> Command {
        let mut command = Command::new(self.postgresql(program));
        command
            .args(["-U", "postgres", "-p", &self.port.to_string()])
            .args(["-h", &self.socket_directory]);
        command
    }

    /// A program of the stack's own PostgreSQL.
    fn postgresql(&self, program: &str) -> PathBuf {
        self.state.join("postgresql/bin").join(program)
    }

    /// The database's port: of its socket, and at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
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
        PrivateStack::start_with(&[])
    }

    /// The same with more variables in the environment of `docker/stack`.
    pub fn start_with(variables: &[(&str, &str)]) -> PrivateStack {
        let mut process = Command::new(repository("docker/stack"))
            .args(["run", "--", "sh", "-c", HOLD])
            .envs(variables.iter().copied())
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
        kill(&self.state.join("run/postgrest/primary.pid"));
    }

    /// Ends the postmaster alone. Its processes notice that, roll back and end.
    pub fn kill_postmaster(&self) {
        kill(&self.state.join("data/postmaster.pid"));
    }

    /// Ends all processes of PostgreSQL as a loss of power would, as far as the database can tell.
    pub fn crash(&self) {
        let postmaster = first_line(&self.state.join("data/postmaster.pid"));
        // While the postmaster is stopped, it starts no process.
        send_signal("-STOP", &[&postmaster]);
        let processes = children(&postmaster);
        if !processes.is_empty() {
            send_signal("-KILL", &processes.lines().collect::<Vec<_>>());
        }
        kill_process(&postmaster);
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

    /// Waits until the database takes connections, as it does some time after it was killed.
    pub fn wait(&self) {
        let answers = (0..150).any(|_| {
            sleep(Duration::from_millis(100));
            self.config("postgres").connect(NoTls).is_ok()
        });
        assert!(answers, "the database takes no connection");
    }

    /// Kills one process of the database.
    pub fn kill_backend(&self, pid: i32) {
        kill_process(&pid.to_string());
    }

    /// The root keys, one a line: the current one, then earlier ones.
    pub fn root_keys(&self) -> String {
        fs::read_to_string(self.state.join("root.key")).expect("a file of root keys")
    }

    /// Stops PostgreSQL and starts it again with other root keys.
    pub fn restart_with_root_keys(&self, lines: &str) {
        self.stop();
        fs::write(self.state.join("root.key"), lines).expect("a file of root keys");
        self.restart();
    }

    /// Stops PostgreSQL and starts it again with other settings, each a line of its configuration file. They stay.
    pub fn restart_with_settings(&self, lines: &str) {
        self.stop();
        append(&self.state.join("etc/stack.conf"), lines);
        self.restart();
    }

    /// What the stack's key destruction command has written.
    pub fn destroyed_keys(&self) -> String {
        fs::read_to_string(self.state.join("destroyed-keys")).expect("a file of destroyed keys")
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        let log = fs::read(self.state.join("log/postgresql.log")).expect("a log");
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Puts a new, empty cluster in the place of the one that there is: at the same port, with the same settings.
    pub fn replace_cluster(&self) {
        self.stop();
        let data = self.state.join("data");
        let settings = self.state.join("etc/stack.conf");
        let (old, fresh) = (self.state.join("data.old"), self.state.join("data.new"));
        self.make_server_directory(&fresh);
        let mut initdb = self.server_program("initdb");
        initdb
            .args(["-U", "postgres", "-A", "trust", "--encoding", "UTF8"])
            .args(["--locale", "C.UTF-8", "--data-checksums", "-D"])
            .arg(&fresh);
        assert!(initdb.status().is_ok_and(|status| status.success()));
        append(
            &fresh.join("postgresql.conf"),
            &format!("include '{}'", settings.display()),
        );
        fs::rename(&data, &old).expect("room for the old cluster");
        fs::rename(&fresh, &data).expect("the old cluster is out of the way");
        self.restart();
    }

    /// Has the server keep no checksums of its pages from now on.
    pub fn disable_checksums(&self) {
        self.stop();
        let mut program = self.server_program("pg_checksums");
        program
            .args(["--disable", "-D"])
            .arg(self.state.join("data"));
        assert!(program.status().is_ok_and(|status| status.success()));
        self.restart();
    }

    /// Copies the whole cluster, with the WAL, into a new directory.
    pub fn base_backup(&self, directory: &Path) {
        self.make_server_directory(directory);
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

    /// Starts a physical standby of the database, which answers the reads of the HTTP interface from now on.
    pub fn standby(&self) -> Standby<'_> {
        let status = Command::new(repository("docker/stack"))
            .arg("replica")
            .env("VAULT_STATE", &self.state)
            .stdin(Stdio::null())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "the standby does not start"
        );
        let pid_file = fs::read_to_string(self.state.join("replica/postmaster.pid"));
        let port = pid_file.expect("a standby").lines().nth(3).map(str::parse);
        let stack = Stack {
            port: port.expect("a line with the port").expect("a port"),
            ..self.stack.clone()
        };
        Standby {
            stack,
            primary: self,
        }
    }

    /// An empty directory of the server's user.
    pub fn make_server_directory(&self, directory: &Path) {
        let owner = fs::metadata(self.state.join("data")).expect("a data directory");
        fs::create_dir(directory).expect("a new directory");
        fs::set_permissions(directory, Permissions::from_mode(0o700)).expect("a closed directory");
        chown(directory, Some(owner.uid()), Some(owner.gid())).expect("a directory for its owner");
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

/// Adds a line to a file.
fn append(file: &Path, line: &str) {
    let mut file = OpenOptions::new()
        .append(true)
        .open(file)
        .expect("a file of the stack");
    writeln!(file, "{line}").expect("a line can be added");
}

/// What a program prints, which must succeed.
fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("the program can be run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// A port of the loopback address that nobody listens at.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// A standby of a private stack's database, for as long as this value lives.
pub struct Standby<'a> {
    stack: Stack,
    primary: &'a PrivateStack,
}

impl Deref for Standby<'_> {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        &self.stack
    }
}

impl Drop for Standby<'_> {
    fn drop(&mut self) {
        let mut stop = self.primary.server_program("pg_ctl");
        stop.args(["stop", "-w", "-s", "-m", "immediate", "-D"])
            .arg(self.state.join("replica"));
        let _ = stop.status();
    }
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
