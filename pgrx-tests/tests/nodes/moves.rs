//! A profile moves to another node while its clients work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;
use vault_tests::tenant::ADMIN;
use vault_tests::{Card, Refused, Tenant, random};

use crate::life;
use crate::load::{self, Clients, Ending};
use crate::nodes::{Node, Nodes, tell_edge};
use crate::wrong_node::{ELSEWHERE, call};

/// SQLSTATE of a statement that waited for the move longer than its `lock_timeout`.
const WAITED: &str = "55P03";

#[track_caller]
fn move_profile(nodes: &Nodes, profile: &str, to: &Node) {
    // It gives up when it has to wait, as for another test's transaction.
    let attempts = (0..10).map(|_| try_to_move(nodes, profile, to));
    let outcomes: Vec<_> = attempts.map_while(Result::err).collect();
    assert!(outcomes.len() < 10, "{outcomes:?}");
}

fn try_to_move(nodes: &Nodes, profile: &str, to: &Node) -> Result<(), Refused> {
    let port = to.stack.port();
    let mut superuser = nodes.coordinator().superuser();
    superuser.run(&format!(
        "call vault.move_profile('{profile}', '127.0.0.1', {port})"
    ))
}

/// The tenant as it is reached on another node.
fn on(tenant: &Tenant, node: &Node) -> Tenant {
    Tenant {
        stack: node.stack.clone(),
        ..tenant.clone()
    }
}

#[test]
fn a_profile_that_moves_while_its_clients_write_loses_nothing() {
    let nodes = Nodes::shared();
    let (other, last) = nodes.workers();
    let from = nodes.coordinator();
    let tenant = from.tenant();
    let all = [Clients::of(from, tenant.clone())];

    load::during(&all, || {
        for to in [other, from, last] {
            move_profile(&nodes, &tenant.profile, to);
            tell_edge();
            all[0].succeed();
        }
    });

    all[0].have_lost_nothing();
    let counted = "select (select count(*) from vault.payment_methods where profile_id = $1 and status = 'active')
                        = (select sum(active) from vault.payment_method_counts where profile_id = $1)";
    let mut superuser = last.superuser();
    assert!(
        superuser
            .value::<bool>(counted, &[&tenant.profile])
            .unwrap()
    );
    life::run(&mut on(&tenant, last).revealing_sql());
    for left in [from, other] {
        let refused = call(left, &tenant, "list_customers()", &[]);
        assert_eq!(refused.unwrap_err().sqlstate, ELSEWHERE);
    }
}

#[test]
fn the_other_profiles_of_the_node_stay_where_they_are() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let stays = from.unannounced_tenant();
    let moves = stays.sibling();
    move_profile(&nodes, &moves.profile, to);
    life::run(&mut stays.revealing_sql());
    life::run(&mut on(&moves, to).revealing_sql());
}

/// They are sealed under the memory key of the node.
#[test]
fn cvcs_and_volatile_payment_methods_do_not_move() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let tenant = from.unannounced_tenant();
    let mut sql = tenant.revealing_sql();
    let person = life::create_customer(&mut sql);
    let card = Card::new();
    let kept = life::create(&mut sql, &card.create_for(&person));
    let mut request = card.create_for(&person);
    request["storage_type"] = json!("volatile");
    let short = life::create(&mut sql, &request);

    move_profile(&nodes, &tenant.profile, to);

    let mut sql = on(&tenant, to).revealing_sql();
    assert_eq!(life::revealed(&mut sql, &kept), card.number);
    for (operation, method) in [
        ("use_cvc($1)", &kept),
        ("retrieve_payment_method($1)", &short),
    ] {
        let refused = sql.execute(&format!("select vault.{operation}"), &[method]);
        assert_eq!(
            refused.unwrap_err().sqlstate,
            life::NOT_FOUND,
            "{operation}"
        );
    }
}

/// The shards are counted anew when one is divided, and with them the locks of Citus.
#[test]
fn an_open_write_outlasts_the_division_of_other_shards() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let tenant = from.unannounced_tenant();
    let mut sql = tenant.revealing_sql();
    sql.run("begin").unwrap();
    let person = life::create_customer(&mut sql);

    // Each gets a shard of its own, in the middle of the others.
    let others: Vec<Tenant> = (0..3).map(|_| from.unannounced_tenant()).collect();
    thread::scope(|scope| {
        let moving = scope.spawn(|| {
            let outcomes = others.iter().chain([&tenant]);
            outcomes
                .map(|tenant| try_to_move(&nodes, &tenant.profile, to).is_ok())
                .collect::<Vec<bool>>()
        });
        thread::sleep(Duration::from_secs(2));
        sql.run("commit").unwrap();
        moving.join().unwrap();
    });

    try_to_move(&nodes, &tenant.profile, to).unwrap();
    let mut sql = on(&tenant, to).revealing_sql();
    sql.call("retrieve_customer($1)", &[&person]).unwrap();
}

#[test]
fn a_move_that_has_to_wait_gives_up_and_the_profile_goes_on() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let tenant = from.unannounced_tenant();
    let mut open = tenant.revealing_sql();
    open.run("begin").unwrap();
    life::create_customer(&mut open);

    let waited = try_to_move(&nodes, &tenant.profile, to);

    assert!(waited.is_err());
    open.run("commit").unwrap();
    life::run(&mut tenant.revealing_sql());
}

#[test]
fn a_profile_with_values_in_tables_of_its_node_stays() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let tenant = from.unannounced_tenant();
    let table = random::name("notes");
    let mut superuser = from.superuser();
    superuser
        .run(&format!("create table public.{table} (note vault.encrypted_text); grant all on public.{table} to public"))
        .unwrap();
    let mut sql = tenant.revealing_sql();
    sql.run(&format!(
        "insert into public.{table} values (vault.encrypt('calls on Mondays'::text))"
    ))
    .unwrap();

    let refused = try_to_move(&nodes, &tenant.profile, to).unwrap_err();

    let message = "tables of applications on the node of the profile have values under its keys, or cannot be read";
    assert_eq!(refused.pair(), ("55000", message));
    life::run(&mut tenant.revealing_sql());
    superuser
        .run(&format!("drop table public.{table}"))
        .unwrap();
    move_profile(&nodes, &tenant.profile, to);
}

#[test]
fn a_cvc_does_not_come_back_with_its_profile() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let tenant = from.unannounced_tenant();
    let mut sql = tenant.revealing_sql();
    let person = life::create_customer(&mut sql);
    let method = life::create(&mut sql, &Card::new().create_for(&person));

    move_profile(&nodes, &tenant.profile, to);
    move_profile(&nodes, &tenant.profile, from);

    let refused = tenant
        .revealing_sql()
        .execute("select vault.use_cvc($1)", &[&method]);
    assert_eq!(refused.unwrap_err().sqlstate, life::NOT_FOUND);
}

/// Clients write there as soon as the profile is there. The move is held up at its end, after it has deleted what an earlier stay of
/// the profile had left there.
#[test]
fn a_cvc_on_the_node_that_the_profile_has_moved_to_stays() {
    let nodes = Nodes::alone();
    let (from, to) = nodes.workers();
    let tenant = from.unannounced_tenant();
    let mut holder = from.superuser();
    holder
        .run("create table public.held (note vault.encrypted_text)")
        .unwrap();
    holder
        .run("begin; lock table public.held in access exclusive mode")
        .unwrap();

    thread::scope(|scope| {
        let moving = scope.spawn(|| try_to_move(&nodes, &tenant.profile, to));
        let waiting = "select exists (select from pg_locks where relation = 'public.held'::regclass and not granted)";
        let mut observer = from.superuser();
        while !observer.value::<bool>(waiting, &[]).unwrap() {
            assert!(!moving.is_finished(), "the move does not read the table");
            thread::sleep(Duration::from_millis(10));
        }
        store_cvc(to, &tenant.profile);
        holder.run("rollback; drop table public.held").unwrap();
        moving.join().unwrap().unwrap();
    });

    assert_eq!(cvcs(to, &tenant.profile), 1);
}

#[test]
fn what_a_profile_has_left_on_a_node_is_deleted_before_it_comes_back() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let tenant = from.unannounced_tenant();
    // As if the node had been away at the end of an earlier move.
    store_cvc(to, &tenant.profile);
    move_profile(&nodes, &tenant.profile, to);
    assert_eq!(cvcs(to, &tenant.profile), 0);
}

fn store_cvc(node: &Node, profile: &str) {
    node.superuser()
        .execute(
            "insert into vault.cvcs (profile_id, payment_method_id, memory_key, code, expires_at)
             values ($1, 'pm', '', '', now() + interval '10 minutes')",
            &[&profile],
        )
        .unwrap();
}

fn cvcs(node: &Node, profile: &str) -> i64 {
    let cvcs = "select count(*) from vault.cvcs where profile_id = $1";
    node.superuser().value(cvcs, &[&profile]).unwrap()
}

#[test]
fn a_profile_that_there_is_not_is_not_moved() {
    let nodes = Nodes::shared();
    let refused = try_to_move(&nodes, "pro_nobody", nodes.workers().0).unwrap_err();
    assert_eq!(refused.pair(), ("42704", "there is no such profile"));
}

#[test]
fn keys_that_are_rotated_while_the_profile_moves_open_everything() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let tenant = from.unannounced_tenant();
    let mut sql = tenant.revealing_sql();
    let person = life::create_customer(&mut sql);
    let stored: Vec<(String, Card)> = (0..20)
        .map(|_| {
            let card = Card::new();
            (life::create(&mut sql, &card.create_for(&person)), card)
        })
        .collect();
    let is_over = AtomicBool::new(false);

    let rotations = thread::scope(|scope| {
        let rotating = [from, to].map(|node| scope.spawn(|| rotate_until(&is_over, node, &tenant)));
        let ending = Ending(&is_over);
        for to in [to, from, to] {
            move_profile(&nodes, &tenant.profile, to);
        }
        drop(ending);
        rotating.map(|thread| thread.join().unwrap())
    });

    assert!(rotations.iter().all(|number| *number > 0), "{rotations:?}");
    let mut sql = on(&tenant, to).revealing_sql();
    for (method, card) in stored {
        assert_eq!(life::revealed(&mut sql, &method), card.number);
    }
    life::run(&mut sql);
}

/// Rotates the profile's key again and again, and moves its values to it, wherever the profile is. Returns how often.
fn rotate_until(is_over: &AtomicBool, node: &Node, tenant: &Tenant) -> usize {
    let mut admin = node.stack.session(ADMIN);
    admin.run("set lock_timeout = '200ms'").unwrap();
    let mut rotations = 0;
    while !is_over.load(Ordering::Relaxed) {
        let profile = &tenant.profile;
        let done = admin
            .execute("select vault.rotate_data_key($1)", &[profile])
            .and_then(|_| admin.run(&format!("call vault.reencrypt('{profile}')")));
        match done {
            Ok(_) => rotations += 1,
            Err(Refused { sqlstate, .. }) if [ELSEWHERE, WAITED].contains(&sqlstate.as_str()) => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(refused) => panic!("{refused:?}"),
        }
    }
    rotations
}
