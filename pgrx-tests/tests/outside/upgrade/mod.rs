//! `ALTER EXTENSION vault UPDATE`, from every release, with rows in the tables.

mod fixture;
mod from_0_1_0;
mod objects;
mod release;
mod script;
mod shop;

use std::env;
use std::fs;

use vault_tests::stack::{PrivateStack, repository};
use vault_tests::{Refused, Stack, random};

use fixture::{Fixture, update_vouching};
use objects::objects;
use release::{Addition, Release};
use script::Catalogue;
use shop::Shop;

/// An empty database with a version of the extension.
fn install(stack: &PrivateStack, version: &str) -> Stack {
    let name = random::name("release");
    let mut superuser = stack.superuser();
    superuser.run(&format!("create database {name}")).unwrap();
    let database = stack.database(&name);
    let create = format!("create extension vault version '{version}'");
    database.superuser().run(&create).unwrap();
    database
}

fn update(database: &Stack) -> Result<(), Refused> {
    database.superuser().run("alter extension vault update")
}

/// What only one of the two has.
fn differences(fresh: &[String], updated: &[String]) -> Vec<String> {
    let only = |mark: char, of: &[String], not_in: &[String]| -> Vec<String> {
        of.iter()
            .filter(|line| !not_in.contains(line))
            .map(|line| format!("{mark} {line}"))
            .collect()
    };
    [only('-', fresh, updated), only('+', updated, fresh)].concat()
}

#[test]
fn an_update_gives_what_an_installation_gives_and_keeps_the_rows() {
    let stack = PrivateStack::start();
    let fresh = objects(&stack);
    let release = Release::pretended(&stack, &Addition::all(&stack));
    release.put_into(&stack);
    let database = install(&stack, &release.version);
    stack.restart_with_settings(&format!("vault.databases = 'vault, {}'", database.name()));
    let shop = Shop::within(&database);
    let before = shop.opened();
    assert!(!differences(&fresh, &objects(&database)).is_empty());

    update(&database).unwrap();

    assert_eq!(present_version(&database), present_version(&stack));
    assert_eq!(differences(&fresh, &objects(&database)), [""; 0]);
    assert_eq!(shop.opened(), before);
    shop.goes_on();
}

#[test]
fn an_update_that_leaves_an_addition_out_is_found() {
    let stack = PrivateStack::start();
    let fresh = objects(&stack);
    let additions = Addition::all(&stack);
    for forgotten in &additions {
        let mut release = Release::pretended(&stack, &additions);
        release.forget(forgotten);
        release.put_into(&stack);
        let database = install(&stack, &release.version);
        update(&database).unwrap();
        let left = differences(&fresh, &objects(&database));
        assert!(!left.is_empty(), "not found: {}", forgotten.statement);
    }
}

/// Rights that new objects come with, and that the vault's own must not keep.
const DEFAULT_PRIVILEGES: &str = "alter default privileges grant all on tables to vault_app;
     alter default privileges grant all on routines to vault_app";

#[test]
fn a_restored_dump_of_every_release_is_updated_to_what_an_installation_gives_and_opens() {
    let stack = PrivateStack::start();
    let fresh = objects(&stack);
    let present = present_version(&stack);
    for release in Fixture::all() {
        release.restore(&stack);
        assert_eq!(present_version(&stack), release.version);
        let mut superuser = stack.superuser();
        superuser.run(DEFAULT_PRIVILEGES).unwrap();
        update_vouching(&mut superuser).unwrap();
        assert_eq!(present_version(&stack), present);
        let left = differences(&fresh, &objects(&stack));
        assert!(left.is_empty(), "{}: {left:#?}", release.version);
        assert_eq!(release.opened(&stack), release.expected());
    }
}

/// With VAULT_WRITE_UPGRADE_SCRIPT in the environment, this writes the script anew.
#[test]
fn the_generated_part_of_an_upgrade_script_is_that_of_the_catalogues() {
    let stack = PrivateStack::start();
    let present = present_version(&stack);
    let directory = release::directory(&stack);
    let installation = fs::read_to_string(directory.join(format!("vault--{present}.sql"))).unwrap();
    for Fixture { version, .. } in Fixture::all() {
        let name = format!("vault--{version}--{present}.sql");
        let Ok(script) = fs::read_to_string(repository("sql").join(&name)) else {
            // A script of an earlier release leads to this one.
            continue;
        };
        let database = install(&stack, &version);
        let released = Catalogue::of(&database);
        fs::write(directory.join(&name), script::before(&script)).unwrap();
        update(&database).unwrap();
        let part = script::generated(
            &released,
            &Catalogue::of(&database),
            &Catalogue::of(&stack),
            &installation,
        );
        let expected = script::with_part(&script, &part);
        if env::var_os("VAULT_WRITE_UPGRADE_SCRIPT").is_some() {
            fs::write(repository("sql").join(&name), &expected).unwrap();
            continue;
        }
        assert!(
            script == expected,
            "{name} is not up to date: run `make upgrade-script`"
        );
    }
}

fn present_version(stack: &Stack) -> String {
    stack
        .superuser()
        .value(
            "select extversion from pg_extension where extname = 'vault'",
            &[],
        )
        .unwrap()
}
