//! PostgreSQL runs code of others in security-restricted operations, as ANALYZE does: there, the vault knows nobody.

use vault_tests::{Card, Tenant};

use super::Attack;

#[test]
fn code_in_a_security_restricted_operation_has_neither_profile_nor_right_to_reveal() {
    let mut attack = Attack::new();
    let card = Card::new();
    let method = attack.victim.store(&card, &attack.victim.customer());
    let accomplice = Tenant::within(&attack.stack);
    attack
        .sql
        .run(&format!(
            "create table loot (what text);
             grant insert on loot to public;
             create function take() returns void volatile language plpgsql as $$
             begin
                 insert into {schema}.loot values (coalesce(vault.current_profile(), 'nobody'));
                 begin
                     insert into {schema}.loot values (vault.retrieve_payment_method('{method}', true)::text);
                 exception when others then insert into {schema}.loot values (sqlstate);
                 end;
                 begin
                     perform vault.authenticate('{key}', '{profile}');
                     insert into {schema}.loot values ('in');
                 exception when others then insert into {schema}.loot values (sqlstate);
                 end;
             end $$;
             create function rob(int) returns int immutable language plpgsql as $$
             begin
                 if pg_catalog.current_setting('application_name') operator(pg_catalog.<>) 'the owner itself' then
                     perform {schema}.take();
                 end if;
                 return 1;
             end $$;
             set application_name = 'the owner itself';
             create table bait (n int);
             insert into bait select generate_series(1, 10);
             create index on bait (rob(n))",
            schema = attack.schema,
            key = accomplice.key,
            profile = accomplice.profile,
        ))
        .unwrap();
    let trusting = attack.victim.role(&["vault_client", "vault_reveal"]);
    attack.superuser(&format!("alter role {trusting} superuser"));
    let mut session = attack.stack.session(&trusting);
    let revealed = session.value::<String>(
        "select vault.retrieve_payment_method($1, true) #>> '{raw_payment_method_data,card,card_number}'",
        &[&method],
    );
    assert_eq!(revealed, Ok(card.number.clone()), "the role may reveal");
    session
        .run(&format!("analyze {}.bait", attack.schema))
        .unwrap();
    let loot = attack
        .sql
        .rows("select distinct what from loot order by 1", &[])
        .unwrap();
    let loot: Vec<String> = loot.iter().map(|row| row.get(0)).collect();
    assert_eq!(loot, ["28000", "42501", "nobody"]);
}
