//! A node that has no root key, or another one, stops for itself alone.

use vault_tests::Card;

use crate::life;
use crate::nodes::{Node, Nodes};

/// SQLSTATE of a node that is sealed.
const SEALED: &str = "55000";

/// Restores the node's own setting when it is dropped.
struct OtherRootKey<'a>(&'a Node);

impl<'a> OtherRootKey<'a> {
    fn of(node: &'a Node, command: &str) -> OtherRootKey<'a> {
        let setting = format!("alter system set vault.root_key_command = '{command}'");
        node.superuser().run(&setting).unwrap();
        node.kill();
        node.start();
        OtherRootKey(node)
    }
}

impl Drop for OtherRootKey<'_> {
    fn drop(&mut self) {
        let reset = "alter system reset vault.root_key_command";
        self.0.superuser().run(reset).unwrap();
        self.0.kill();
        self.0.start();
    }
}

#[test]
fn a_node_without_the_vaults_root_key_serves_nobody_and_the_others_go_on() {
    let nodes = Nodes::alone();
    let (well, ill) = nodes.workers();
    let [on_ill, on_well] = [ill, well].map(Node::unannounced_tenant);
    let role = on_ill.role(&["vault_client", "vault_reveal"]);
    let mut sql = ill.stack.session(&role);
    let person = life::create_customer(&mut sql);
    let card = Card::new();
    let method = life::create(&mut sql, &card.create_for(&person));
    drop(sql);

    let other = "echo 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    for command in ["false", other] {
        let _other = OtherRootKey::of(ill, command);
        let mut sql = ill.stack.session(&role);
        let request = Card::new().create_for(&person);
        for refused in [
            sql.call("create_payment_method($1)", &[&request]),
            sql.call("retrieve_payment_method($1)", &[&method]),
        ] {
            assert_eq!(refused.unwrap_err().sqlstate, SEALED, "{command}");
        }
        life::run(&mut on_well.revealing_sql());
    }

    let mut sql = ill.stack.session(&role);
    assert_eq!(life::revealed(&mut sql, &method), card.number);
}
