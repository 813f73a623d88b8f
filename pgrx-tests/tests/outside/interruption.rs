//! Rotations and re-encryptions that are killed, or meet another.

use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::{ADMIN, customer};
use vault_tests::{Card, Refused, Session, Stack, Tenant};

use crate::support::soon;

/// How many values each batch of [`Shop`] moves, when a batch is one row.
const BATCHES: [i64; 6] = [1, 1, 1, 2, 2, 1];

/// Customers, payment methods and a connector's token of a profile.
struct Shop {
    tenant: Tenant,
    role: String,
    customers: Vec<String>,
    methods: Vec<String>,
}

impl Shop {
    fn within(stack: &Stack) -> Shop {
        let tenant = Tenant::within(stack);
        let role = tenant.role(&["vault_client", "vault_reveal"]);
        let mut sql = stack.session(&role);
        let customers: Vec<String> = (0..3)
            .map(|_| id(sql.call("create_customer($1)", &[&customer()])))
            .collect();
        let methods: Vec<String> = (0..2)
            .map(|_| {
                let create = Card::new().create_for(&customers[0]);
                id(sql.call("create_payment_method($1)", &[&create]))
            })
            .collect();
        let token = json!({"connector_token_details": {
            "connector_id": "mca_1", "token_type": "multi_use", "status": "active", "token": "token",
            "connector_token_request_reference_id": "reference",
        }});
        sql.call("update_payment_method($1, $2)", &[&methods[0], &token])
            .unwrap();
        Shop {
            tenant,
            role,
            customers,
            methods,
        }
    }

    /// Everything that the shop has, opened.
    fn opened(&self) -> Vec<Value> {
        let mut sql = self.tenant.stack.session(&self.role);
        let customers = self
            .customers
            .iter()
            .map(|id| ("retrieve_customer($1)", id));
        let methods = self
            .methods
            .iter()
            .map(|id| ("retrieve_payment_method($1, true)", id));
        let mut opened: Vec<Value> = customers
            .chain(methods)
            .map(|(call, id)| sql.call(call, &[id]).unwrap())
            .collect();
        // A CVC does not outlive the server.
        for method in &mut opened {
            method
                .as_object_mut()
                .unwrap()
                .remove("card_cvc_token_storage");
        }
        opened
    }

    fn rotate(&self) -> i32 {
        rotate(&mut self.tenant.admin(), &self.tenant.profile).unwrap()
    }

    /// How many values are not under the current key.
    fn outdated(&self) -> i64 {
        self.tenant
            .admin()
            .value(
                "select sum(values_count)::bigint from vault.keys
                 where profile_id = $1 and purpose = 'data' and state <> 'current'",
                &[&self.tenant.profile],
            )
            .unwrap()
    }

    fn reencrypt(&self) -> Result<u64, Refused> {
        reencrypt(&mut self.tenant.admin(), &self.tenant.profile)
    }

    /// Begins to re-encrypt row by row and waits until the batch of that number, from 1 on, has its row changed and not
    /// yet committed. Gives the call, which ends when `holder` lets it go on.
    fn reencrypt_up_to(
        &self,
        batch: usize,
        holder: &mut Session,
    ) -> JoinHandle<Result<u64, Refused>> {
        holder
            .run("begin; select pg_advisory_xact_lock(1)")
            .unwrap();
        let mut worker = self.tenant.admin();
        let pid: i32 = worker.value("select pg_backend_pid()", &[]).unwrap();
        worker.run(&format!("set test.hold_at = {batch}")).unwrap();
        let profile = self.tenant.profile.clone();
        let call = thread::spawn(move || reencrypt(&mut worker, &profile));
        waits(&self.tenant.stack, pid);
        call
    }
}

fn id(created: Result<Value, Refused>) -> String {
    created.unwrap()["id"].as_str().unwrap().to_owned()
}

fn rotate(admin: &mut Session, profile: &str) -> Result<i32, Refused> {
    admin.value("select vault.rotate_data_key($1)", &[&profile])
}

fn reencrypt(admin: &mut Session, profile: &str) -> Result<u64, Refused> {
    admin.execute("call vault.reencrypt($1, 1)", &[&profile])
}

fn waits(stack: &Stack, pid: i32) {
    let mut observer = stack.superuser();
    soon("the backend waits for a lock", || {
        observer
            .value("select cardinality(pg_blocking_pids($1)) > 0", &[&pid])
            .unwrap()
    });
}

/// A private stack whose batches wait for an advisory lock, in sessions that name one by `test.hold_at`.
fn stack_that_holds() -> PrivateStack {
    let stack = PrivateStack::start();
    stack
        .superuser()
        .run(
            "create schema test; grant usage on schema test to public;
             create function test.hold() returns trigger language plpgsql as $$
             declare
                 batch integer := coalesce(nullif(current_setting('test.batch', true), ''), '0')::integer + 1;
             begin
                 perform set_config('test.batch', batch::text, false);
                 if batch::text = current_setting('test.hold_at', true) then
                     perform pg_advisory_xact_lock(1);
                 end if;
                 return null;
             end $$;
             create trigger hold after update on vault.customers execute function test.hold();
             create trigger hold after update on vault.payment_methods execute function test.hold();
             create trigger hold after update on vault.connector_tokens execute function test.hold()",
        )
        .unwrap();
    stack
}

#[test]
fn a_reencryption_killed_at_any_border_loses_nothing_and_goes_on() {
    let stack = stack_that_holds();
    let shop = Shop::within(&stack);
    let all = shop.opened();
    for done in 0..BATCHES.len() {
        shop.rotate();
        let mut holder = stack.superuser();
        let call = shop.reencrypt_up_to(done + 1, &mut holder);
        stack.crash();
        assert!(call.join().is_err(), "the call is cut off");
        stack.restart();

        let left: i64 = BATCHES[done..].iter().sum();
        assert_eq!(shop.outdated(), left, "after {done} batches");
        assert_eq!(shop.opened(), all, "after {done} batches");
        shop.reencrypt().unwrap();
        assert_eq!(shop.outdated(), 0, "after {done} batches");
        assert_eq!(shop.opened(), all, "after {done} batches");
    }
}

#[test]
fn two_reencryptions_at_once_wait_for_no_row_and_lose_none() {
    let stack = stack_that_holds();
    let shop = Shop::within(&stack);
    let all = shop.opened();
    shop.rotate();
    let mut holder = stack.superuser();
    let one = shop.reencrypt_up_to(2, &mut holder);

    shop.reencrypt().unwrap();

    // All but the row that the first one holds.
    assert_eq!(shop.outdated(), BATCHES[1]);
    assert_eq!(shop.opened(), all);
    holder.run("commit").unwrap();
    one.join().unwrap().unwrap();
    assert_eq!(shop.outdated(), 0);
    assert_eq!(shop.opened(), all);
}

#[test]
fn of_two_rotations_at_once_the_second_replaces_the_key_of_the_first() {
    let shop = Shop::within(&Stack::shared());
    let all = shop.opened();
    let profile = &shop.tenant.profile;
    let mut first = shop.tenant.admin();
    first.run("begin").unwrap();
    assert_eq!(rotate(&mut first, profile), Ok(2));

    let mut second = shop.tenant.stack.session(ADMIN);
    let pid: i32 = second.value("select pg_backend_pid()", &[]).unwrap();
    thread::scope(|scope| {
        let call = scope.spawn(move || rotate(&mut second, profile));
        waits(&shop.tenant.stack, pid);
        first.run("commit").unwrap();
        assert_eq!(call.join().unwrap(), Ok(3));
    });

    let states: String = first
        .value(
            "select string_agg(version || ' ' || state, ', ' order by version) from vault.keys
             where profile_id = $1 and purpose = 'data'",
            &[profile],
        )
        .unwrap();
    assert_eq!(states, "1 retired, 2 retired, 3 current");
    assert_eq!(shop.opened(), all);
    shop.reencrypt().unwrap();
    assert_eq!(shop.outdated(), 0);
    assert_eq!(shop.opened(), all);
}
