//! A dump of a release, with what it held.

use std::fs;
use std::path::PathBuf;

use vault_tests::stack::{PrivateStack, repository};
use vault_tests::{Refused, Request, Session, Stack};

/// What a dump says of the extension. It names no version, so that a server would install its present one.
const CREATE: &str = "CREATE EXTENSION IF NOT EXISTS vault WITH SCHEMA vault;";

/// The database of the documented commands.
const BESIDE: &str = "vault_restored";

/// A folder of `pgrx-tests/releases`.
pub struct Fixture {
    pub version: String,
    folder: PathBuf,
}

impl Fixture {
    pub fn all() -> Vec<Fixture> {
        fs::read_dir(repository("pgrx-tests/releases"))
            .expect("a folder of releases")
            .map(|entry| entry.expect("an entry of the folder").path())
            .filter(|path| path.is_dir())
            .map(|folder| Fixture {
                version: folder.file_name().unwrap().to_str().unwrap().to_owned(),
                folder,
            })
            .collect()
    }

    pub fn of(version: &str) -> Fixture {
        Fixture {
            version: version.to_owned(),
            folder: repository("pgrx-tests/releases").join(version),
        }
    }

    /// Restores roles and database into a new cluster with the root key of the release, in the place of the stack's database.
    pub fn restore(&self, stack: &PrivateStack) {
        fs::write(stack.state.join("root.key"), self.text("root.key")).unwrap();
        stack.replace_cluster();
        let postgres = stack.database("postgres");
        postgres.run_script(self.text("roles.sql").as_bytes());
        postgres.superuser().run("create database vault").unwrap();
        stack.run_script(self.dump().as_bytes());
    }

    /// Restores the database beside the one that the HTTP interface serves, and upgrades it, by the documented commands. Calls
    /// `between` after the restore.
    pub fn restore_beside<T>(
        &self,
        stack: &PrivateStack,
        between: impl FnOnce(&Stack) -> T,
    ) -> (Stack, T) {
        stack.restart_with_root_keys(&self.text("root.key"));
        stack
            .superuser()
            .run(
                "create role second_app login in role vault_client, vault_reveal;
                 create role closed_app login in role vault_client, vault_reveal",
            )
            .unwrap();
        let [look, vouch, restore] = documented_commands();
        let folder = stack.state.join("restore");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("backup.sql"), self.text("dump.sql")).unwrap();
        stack.run_commands(&restore, &folder);
        let beside = stack.database(BESIDE);
        let seen = between(&beside);
        stack.run_commands(&look, &folder);
        stack.run_commands(&vouch, &folder);
        (beside, seen)
    }

    /// Puts the database into the place of the one that the HTTP interface serves.
    pub fn put_in_place(stack: &PrivateStack) {
        let mut superuser = stack.database("postgres").superuser();
        superuser.run("drop database vault with (force)").unwrap();
        superuser
            .run(&format!("alter database {BESIDE} rename to vault"))
            .unwrap();
    }

    /// The dump, which installs the extension of its own release.
    fn dump(&self) -> String {
        let dump = self.text("dump.sql");
        assert!(dump.contains(CREATE), "the dump has the extension");
        let version = format!(
            "CREATE EXTENSION vault WITH SCHEMA vault VERSION '{}';",
            self.version
        );
        dump.replace(CREATE, &version)
    }

    /// What the release itself said to [`Fixture::opened`].
    pub fn expected(&self) -> String {
        self.text("opened.txt")
    }

    /// Everything that the database holds, opened.
    pub fn opened(&self, stack: &Stack) -> String {
        stack.script_output(&self.folder.join("opened.sql"))
    }

    /// A request with an API key of the release: `VAULT_API_KEY` or `VAULT_REVEAL_API_KEY`.
    pub fn request(&self, key: &str, verb: &str, path: &str) -> Request {
        Request::new(verb, path)
            .header("api-key", self.variable(key))
            .header("x-profile-id", self.variable("VAULT_PROFILE_ID"))
    }

    pub fn variable(&self, name: &str) -> String {
        let text = self.text("env");
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.expect("a variable of the release").to_owned()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).expect("a file of the release")
    }
}

/// What docs/operations.md marks with `<!-- test: upgrade -->`, in its order: to look, to vouch, and to restore.
fn documented_commands() -> [String; 3] {
    let text = fs::read_to_string(repository("docs/operations.md")).unwrap();
    let blocks = text.split("<!-- test: upgrade -->\n```sh\n").skip(1);
    let commands: Vec<String> = blocks
        .filter_map(|block| Some(block.split_once("```")?.0.to_owned()))
        .collect();
    commands.try_into().expect("three blocks")
}

/// The digest of the rows that somebody has to vouch for, as a first attempt to update shows it.
pub fn digest(refused: &Refused) -> String {
    let (_, rest) = refused
        .rest
        .split_once("SET vault_upgrade.vouched_rows = '")
        .unwrap_or_else(|| panic!("no digest: {refused:?}"));
    let digest = rest.split('\'').next().unwrap();
    // The log guard masks digits that look like a card number.
    assert!(
        digest.bytes().all(|byte| byte.is_ascii_lowercase()),
        "{digest}"
    );
    digest.to_owned()
}

/// Updates, and vouches for what is there if that is asked for.
pub fn update_vouching(superuser: &mut Session) -> Result<(), Refused> {
    match superuser.run("alter extension vault update") {
        Err(refused) if refused.sqlstate == "55000" => update_with(superuser, &digest(&refused)),
        done => done,
    }
}

/// Updates, and vouches for the rows with this digest.
pub fn update_with(superuser: &mut Session, digest: &str) -> Result<(), Refused> {
    superuser
        .run(&format!("set vault_upgrade.vouched_rows = '{digest}'"))
        .unwrap();
    superuser.run("alter extension vault update")
}
