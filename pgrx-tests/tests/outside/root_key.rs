//! What the root key command may print, and what becomes of a vault whose command fails.

use std::fs;

use vault_tests::stack::PrivateStack;
use vault_tests::{Refused, Session, Stack, Tenant, random};

/// Restarts with another root key command. One that would not end is ended after a second.
fn restart_with_command(stack: &PrivateStack, command: &str) {
    let limit = if command.contains("sleep 600") {
        "1s"
    } else {
        "30s"
    };
    let command = command.replace('\'', "''").replace('\\', r"\\");
    stack.restart_with_settings(&format!(
        "vault.root_key_timeout = '{limit}'\nvault.root_key_command = '{command}'"
    ));
}

fn retrieve(stack: &Stack, role: &str, customer: &str) -> Result<serde_json::Value, Refused> {
    stack
        .session(role)
        .call("retrieve_customer($1)", &[&customer])
}

#[test]
fn a_root_key_command_that_fails_seals_the_vault_and_says_why() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let customer = tenant.customer();
    let role = tenant.role(&["vault_client"]);
    let key = stack.root_keys().trim().to_owned();
    let (short, foreign) = (&key[1..], random::digits(64));
    let garbage = random::name("garbage");
    let component = format!("{key}:0123456789abcdef");
    for (command, reason) in [
        ("sleep 600", "the root key command did not finish in time"),
        (
            &format!("echo {key}; exec >/dev/null; sleep 600"),
            "the root key command did not finish in time",
        ),
        (
            &format!("echo {key}; exit 3"),
            "the root key command failed with exit code 3",
        ),
        (
            &format!("echo {key}; kill -9 $$"),
            "the root key command was terminated by signal 9",
        ),
        (
            "/nowhere/fetch-root-key",
            "the root key command failed with exit code 127",
        ),
        ("true", "the root key command printed no key"),
        ("echo; echo", "the root key command printed no key"),
        (
            "echo destroyed pro_a",
            "the root key command printed no key",
        ),
        (
            &format!("printf '{garbage}\\377'"),
            "the root key command printed something that is not text",
        ),
        (
            &format!("yes {garbage} | head -c 1000000"),
            "the root key command printed too much",
        ),
        (
            &format!("echo {garbage}"),
            "line 1 of the root key command's output is wrong: the key is not 64 hexadecimal digits long",
        ),
        (
            &format!("echo {key}; echo {short}"),
            "line 2 of the root key command's output is wrong: the key is not 64 hexadecimal digits long",
        ),
        (
            &format!("echo {component}"),
            "line 1 of the root key command's output is wrong: the key does not match its check value",
        ),
        (
            &format!("echo {key}+{component}"),
            "line 1 of the root key command's output is wrong: component 1 has no check value",
        ),
        (
            &format!("echo {key}; echo 'destroyed {garbage} {garbage}'"),
            "line 2 of the root key command's output is wrong: what it names as destroyed is not a profile's id",
        ),
        (
            &format!("echo {foreign}"),
            "the root key is not the one this database was sealed with",
        ),
    ] {
        let logged = stack.log().len();

        restart_with_command(&stack, command);

        let refused = retrieve(&stack, &role, &customer).unwrap_err();
        let message = format!("vault is sealed: {reason}");
        assert_eq!(refused.pair(), ("55000", message.as_str()), "{command}");
        assert!(
            refused.rest.contains("restart the server"),
            "{command}: {refused:?}"
        );
        let log = stack.log().split_off(logged);
        assert!(log.contains(&message), "{command}: {log}");
        // Ten characters of a secret would tell that more of it may be there.
        for secret in [&key, short, &foreign, &garbage] {
            for text in [&log, &refused.message, &refused.rest] {
                assert!(!text.contains(&secret[..10]), "{command}: {text}");
            }
        }
    }
    restart_with_command(&stack, &format!("echo {key}"));
    retrieve(&stack, &role, &customer).unwrap();
}

/// A component with the check value that a custodian computes.
fn with_check_value(sql: &mut Session, component: &[u8]) -> String {
    sql.value(
        "select encode($1, 'hex') || ':' || encode(substr(sha256($1), 1, 8), 'hex')",
        &[&component],
    )
    .unwrap()
}

#[test]
fn custodians_who_have_a_component_each_open_the_vault_together_and_not_alone() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let customer = tenant.customer();
    let role = tenant.role(&["vault_client"]);
    let mut sql = stack.superuser();
    let key: Vec<u8> = sql
        .value("select decode($1, 'hex')", &[&stack.root_keys().trim()])
        .unwrap();
    let alice: Vec<u8> = key.iter().map(|_| fastrand::u8(1..)).collect();
    let bob: Vec<u8> = key
        .iter()
        .zip(&alice)
        .map(|(key, alice)| key ^ alice)
        .collect();
    for (custodian, component) in [("alice", &alice), ("bob", &bob)] {
        let line = with_check_value(&mut sql, component) + "\n";
        fs::write(stack.state.join(custodian), line).unwrap();
    }
    drop(sql);
    let state = stack.state.display();

    restart_with_command(&stack, &format!("paste -d+ '{state}/alice' '{state}/bob'"));
    retrieve(&stack, &role, &customer).unwrap();

    for alone in ["alice", "bob"] {
        restart_with_command(&stack, &format!("cat '{state}/{alone}'"));
        assert_eq!(
            retrieve(&stack, &role, &customer).unwrap_err().pair(),
            (
                "55000",
                "vault is sealed: the root key is not the one this database was sealed with"
            )
        );
    }
}
