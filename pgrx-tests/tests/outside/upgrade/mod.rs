//! `ALTER EXTENSION vault UPDATE`, from every release, with rows in the tables.

mod objects;
mod release;
mod shop;

use std::slice;

use vault_tests::stack::PrivateStack;
use vault_tests::{Refused, Stack, random};

use objects::objects;
use release::{Addition, Release};
use shop::Shop;

/// A database with the extension of a release.
fn install(stack: &PrivateStack, release: &Release) -> Stack {
    release.put_into(stack);
    let name = random::name("release");
    let mut superuser = stack.superuser();
    superuser.run(&format!("create database {name}")).unwrap();
    let database = stack.database(&name);
    database
        .superuser()
        .run(&format!(
            "create extension vault version '{}'",
            release.version
        ))
        .unwrap();
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
fn an_update_from_every_release_gives_what_an_installation_gives_and_keeps_the_rows() {
    let stack = PrivateStack::start();
    let fresh = objects(&stack);
    let pretended = Release::pretended(&stack, &Addition::all(&stack));
    let released = Release::all();
    for release in slice::from_ref(&pretended).iter().chain(&released) {
        let database = install(&stack, release);
        stack.restart_with_settings(&format!("vault.databases = 'vault, {}'", database.name()));
        let shop = Shop::within(&database);
        let before = shop.opened();
        let earlier = differences(&fresh, &objects(&database));
        assert_eq!(
            earlier.is_empty(),
            release.version == present_version(&stack),
            "{}: {earlier:#?}",
            release.version
        );

        update(&database).unwrap();

        assert_eq!(present_version(&database), present_version(&stack));
        let left = differences(&fresh, &objects(&database));
        assert!(left.is_empty(), "{}: {left:#?}", release.version);
        assert_eq!(shop.opened(), before, "{}", release.version);
        shop.goes_on();
    }
}

#[test]
fn an_update_that_leaves_an_addition_out_is_found() {
    let stack = PrivateStack::start();
    let fresh = objects(&stack);
    let additions = Addition::all(&stack);
    for forgotten in &additions {
        let mut release = Release::pretended(&stack, &additions);
        release.forget(forgotten);
        let database = install(&stack, &release);
        update(&database).unwrap();
        let left = differences(&fresh, &objects(&database));
        assert!(!left.is_empty(), "not found: {}", forgotten.statement);
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
