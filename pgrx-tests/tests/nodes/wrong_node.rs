//! A node that does not have the profile refuses to do anything for it.

use serde_json::Value;
use vault_tests::sql::Parameter;
use vault_tests::tenant::customer;
use vault_tests::{Card, Refused, Session, Tenant};

use crate::nodes::{Node, Nodes, tell_edge};

/// SQLSTATE of a call for a profile of another node.
pub const ELSEWHERE: &str = "55000";

/// What comes of a call on a node with a tenant's API key.
pub fn call(
    node: &Node,
    tenant: &Tenant,
    operation: &str,
    parameters: &[Parameter],
) -> Result<Value, Refused> {
    let mut sql = node.stack.session("vault_app_reveal");
    sql.run("begin").unwrap();
    sql.execute(
        "select vault.authenticate($1, $2)",
        &[&tenant.reveal_key, &tenant.profile],
    )?;
    let answer = sql.call(operation, parameters)?;
    sql.run("commit").unwrap();
    Ok(answer)
}

/// How many customers and payment methods all nodes have for a profile, as Citus knows it.
fn stored(nodes: &Nodes, profile: &str) -> i64 {
    let mut superuser: Session = nodes.coordinator().superuser();
    superuser
        .value(
            "select (select count(*) from vault.customers where profile_id = $1)
                  + (select count(*) from vault.payment_methods where profile_id = $1)",
            &[&profile],
        )
        .unwrap()
}

#[test]
fn by_sql_every_call_for_a_profile_of_another_node_is_refused() {
    let nodes = Nodes::shared();
    for home in &nodes.all {
        let tenant = home.unannounced_tenant();
        let mut sql = tenant.revealing_sql();
        let person = crate::life::create_customer(&mut sql);
        let method = crate::life::create(&mut sql, &Card::new().create_for(&person));
        let before = stored(&nodes, &tenant.profile);
        let calls: [(&str, &[Parameter]); 7] = [
            ("create_customer($1)", &[&customer()]),
            (
                "create_payment_method($1)",
                &[&Card::new().create_for(&person)],
            ),
            ("retrieve_payment_method($1)", &[&method]),
            ("retrieve_payment_method($1, true)", &[&method]),
            ("list_payment_methods($1)", &[&person]),
            ("delete_payment_method($1)", &[&method]),
            ("delete_customer($1)", &[&person]),
        ];
        for other in nodes.all.iter().filter(|node| node.number != home.number) {
            for (operation, parameters) in calls {
                let refused = call(other, &tenant, operation, parameters).expect_err(operation);
                let message = format!(
                    "the profile is on another node of the vault, 127.0.0.1:{}",
                    home.stack.port()
                );
                assert_eq!(refused.pair(), (ELSEWHERE, message.as_str()), "{operation}");
            }
        }
        assert_eq!(stored(&nodes, &tenant.profile), before);
    }
}

#[test]
fn over_http_a_request_at_the_wrong_node_is_refused_until_nginx_knows_the_right_one() {
    let nodes = Nodes::shared();
    // Node 1 has the requests for profiles that nginx does not know.
    let tenant = nodes.workers().0.unannounced_tenant();

    let refused = tenant.post("/v2/customers", &customer());

    assert_eq!(refused.status, 421, "{}", refused.text);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(stored(&nodes, &tenant.profile), 0);
    tell_edge();
    tenant.post("/v2/customers", &customer()).ok();
    assert_eq!(stored(&nodes, &tenant.profile), 1);
}
