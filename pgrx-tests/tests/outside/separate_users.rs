//! The servers' system users: what gets into nginx or PostgREST has not got into the database.
//!
//! Where the stack does not run as root there is one user for all three, which is what these tests then find.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Output};

use vault_tests::{Stack, Tenant};

const NGINX: &str = "run/nginx/nginx.pid";
const POSTGREST: &str = "run/postgrest/primary.pid";
const POSTGRESQL: &str = "data/postmaster.pid";

/// The system user, by number, and its main group.
#[derive(Clone, Copy, Debug, PartialEq)]
struct User(u32, u32);

impl User {
    /// Who runs the process of a pid file.
    fn of_server(stack: &Stack, pid_file: &str) -> User {
        let pid = fs::read_to_string(stack.state.join(pid_file)).expect("a pid file");
        User::of(&Path::new("/proc").join(pid.lines().next().expect("a pid")))
    }

    fn of(path: &Path) -> User {
        let owner = fs::metadata(path).expect("an owner");
        User(owner.uid(), owner.gid())
    }

    fn own() -> User {
        User::of(Path::new("/proc/self"))
    }

    /// Runs a program as this user would, who has got nothing else from the server's environment.
    fn run(self, program: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new("setpriv");
        if self != User::own() {
            command
                .arg(format!("--reuid={}", self.0))
                .arg(format!("--regid={}", self.1))
                .arg("--init-groups");
        }
        command
            .args(["env", "-C", "/", "-i"])
            .arg(program)
            .args(arguments)
            .output()
            .expect("setpriv can be run")
    }
}

/// All three, nginx first; none when they are one.
fn separate_users(stack: &Stack) -> Option<[User; 3]> {
    let users = [NGINX, POSTGREST, POSTGRESQL].map(|file| User::of_server(stack, file));
    if User::own().0 != 0 {
        assert_eq!(users, [User::own(); 3]);
        return None;
    }
    for (place, user) in users.iter().enumerate() {
        assert_ne!(user.0, 0);
        assert!(!users[..place].contains(user), "{users:?}");
    }
    Some(users)
}

/// Logs in as `role`, by the file of passwords that PostgREST has, and says who it is or what is in the way.
fn log_in(stack: &Stack, user: User, host: &str, role: &str) -> Result<String, String> {
    let psql = stack.state.join("postgresql/bin/psql");
    let connection = format!(
        "host={host} port={} user={role} dbname=vault passfile={}",
        stack.port(),
        stack.state.join("postgrest.pgpass").display()
    );
    let output = user.run(
        &psql,
        &["-XAtw", "-c", "select current_user", "-d", &connection],
    );
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

fn roles(stack: &Stack) -> Vec<String> {
    stack
        .superuser()
        .rows("select rolname::text from pg_roles where rolcanlogin", &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

#[test]
fn the_three_servers_run_as_three_users_or_all_as_the_one_who_started_them() {
    separate_users(&Stack::shared());
}

#[test]
fn nginxs_user_logs_into_the_database_as_nobody_and_postgrests_as_the_authenticator_alone() {
    let stack = Stack::shared();
    // A role that anybody may make.
    Tenant::new().role(&["vault_client", "vault_reveal"]);
    let Some([nginx, postgrest, _]) = separate_users(&stack) else {
        // One user for all: the socket's directory keeps out the others alone.
        let mode = fs::metadata(stack.socket_directory()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        return;
    };
    let socket = stack.socket_directory().display().to_string();
    for role in roles(&stack) {
        for host in [socket.as_str(), "127.0.0.1"] {
            for user in [nginx, postgrest] {
                let result = log_in(&stack, user, host, &role);
                let may = user == postgrest && host != socket && role == "vault_authenticator";
                let expected = if may { Some(role.as_str()) } else { None };
                assert_eq!(result.as_deref().ok(), expected, "{user:?} {host} {role}");
                if host == socket {
                    assert!(result.unwrap_err().contains("Permission denied"));
                }
            }
        }
    }
}

#[test]
fn neither_nginxs_user_nor_postgrests_reads_keys_data_or_logs_of_the_others() {
    let stack = Stack::shared();
    let files = [
        "root.key",
        "destroyed-keys",
        "postgrest.pgpass",
        "credentials",
        "env",
        "data/PG_VERSION",
        "log/postgresql.log",
        "log/postgrest.log",
        "log/nginx-access.log",
    ];
    let of_postgrest = ["postgrest.pgpass", "log/postgrest.log"];
    let of_nginx = ["log/nginx-access.log"];
    let Some([nginx, postgrest, _]) = separate_users(&stack) else {
        for file in &files[..5] {
            let mode = fs::metadata(stack.state.join(file)).unwrap().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        return;
    };
    for (user, own) in [(nginx, &of_nginx[..]), (postgrest, &of_postgrest[..])] {
        for file in files {
            let path = stack.state.join(file);
            let read = user.run(Path::new("cat"), &[&path.display().to_string()]);
            assert_eq!(
                read.status.success(),
                own.contains(&file),
                "{user:?} {file}"
            );
        }
    }
}

#[test]
fn only_nginxs_user_and_its_own_reach_postgrest() {
    let stack = Stack::shared();
    let directory = fs::metadata(stack.state.join("run/postgrest")).unwrap();
    assert_eq!(directory.mode() & 0o007, 0);
    let Some([nginx, postgrest, postgresql]) = separate_users(&stack) else {
        return;
    };
    let nobody = User(65534, 65534);
    let socket = stack.state.join("run/postgrest/primary.sock");
    for (user, may) in [
        (nginx, true),
        (postgrest, true),
        (postgresql, false),
        (nobody, false),
    ] {
        let socket = socket.display().to_string();
        let call = user.run(
            Path::new("curl"),
            &["-s", "--unix-socket", &socket, "http://vault/rpc/nothing"],
        );
        assert_eq!(call.status.success(), may, "{user:?}");
    }
}
