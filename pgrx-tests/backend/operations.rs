#[pgrx::pg_schema]
mod tests {
    use pgrx::JsonB;
    use pgrx::prelude::*;
    use serde_json::{Value, json};

    use super::super::{Tenant, by_id, call, card, customer, failure, text};

    #[pg_test]
    fn a_card_is_stored_read_changed_and_deleted() {
        Tenant::authenticated();
        let customer = customer();
        let created = call("create_payment_method", None, card(&customer));
        let id = created["id"].as_str().unwrap();
        assert_eq!(by_id("retrieve_payment_method", id), created);

        let update = json!({"payment_method_data": {"card": {"nick_name": "blue"}}});
        let updated = call("update_payment_method", Some(id), update);
        assert_eq!(updated["payment_method_data"]["card"]["nick_name"], "blue");
        let list = by_id("list_payment_methods", &customer);
        assert_eq!(list["customer_payment_methods"][0]["id"], created["id"]);

        assert_eq!(by_id("delete_payment_method", id), json!({"id": id}));
        let list = by_id("list_payment_methods", &customer);
        assert_eq!(list, json!({"customer_payment_methods": []}));
    }

    #[pg_test]
    fn a_superuser_may_reveal() {
        Tenant::authenticated();
        let created = call("create_payment_method", None, card(&customer()));
        let revealed: JsonB = Spi::get_one_with_args(
            "SELECT vault.retrieve_payment_method($1, true)",
            &[created["id"].as_str().unwrap().into()],
        )
        .unwrap()
        .unwrap();
        let raw = &revealed.0["raw_payment_method_data"]["card"];
        assert_eq!(raw["card_number"], "4111111145551142");
        assert_eq!(raw.get("card_cvc"), Some(&Value::Null));
    }

    #[pg_test]
    fn the_same_card_with_another_spelling_of_its_expiry_keeps_its_id() {
        Tenant::authenticated();
        let customer = customer();
        let first = call("create_payment_method", None, card(&customer));
        let mut again = card(&customer);
        again["payment_method_data"]["card"]["card_exp_year"] = json!("99");
        again["payment_method_data"]["card"]["card_holder_name"] = json!("Jane Doe");
        let second = call("create_payment_method", None, again);
        assert_eq!(second["id"], first["id"]);
        assert_eq!(
            second["payment_method_data"]["card"]["card_holder_name"],
            "Jane Doe"
        );
    }

    #[pg_test]
    fn the_bin_table_fills_in_what_the_caller_leaves_out() {
        Tenant::authenticated();
        Spi::run(
            "INSERT INTO vault.card_bins VALUES ('411111', 'Mastercard', 'Short', 'debit', 'DE'), \
             ('41111111', 'Visa', 'Long', 'credit', 'SG')",
        )
        .unwrap();
        let created = call("create_payment_method", None, card(&customer()));
        let card = &created["payment_method_data"]["card"];
        assert_eq!(card["card_issuer"], "Long");
        assert_eq!(card["card_type"], "credit");
        assert_eq!(card["issuer_country"], "SG");
        assert_eq!(created["payment_method_subtype"], "credit");
    }

    #[pg_test(error = "Customer does not exist in our records")]
    fn a_card_for_nobody_is_refused() {
        Tenant::authenticated();
        call("create_payment_method", None, card("12345_cus_nobody"));
    }

    #[pg_test(error = "Payment method has already been redacted")]
    fn a_second_delete_is_refused() {
        Tenant::authenticated();
        let created = call("create_payment_method", None, card(&customer()));
        let id = created["id"].as_str().unwrap();
        by_id("delete_payment_method", id);
        by_id("delete_payment_method", id);
    }

    #[pg_test(error = "card number invalid")]
    fn a_card_number_with_a_wrong_check_digit_is_refused_by_sql_too() {
        Tenant::authenticated();
        let mut card = card(&customer());
        card["payment_method_data"]["card"]["card_number"] = json!("4111111145551143");
        call("create_payment_method", None, card);
    }

    /// The first says which profile it is. The last show the digits of a card number that lie in its value unencrypted.
    const NEED_NO_PROFILE: [&str; 5] = [
        "authenticate",
        "current_profile",
        "last4",
        "mask",
        "network",
    ];

    /// A call of every other function that a client may execute. No customer, no payment method and no connector has these
    /// ids.
    fn every_operation() -> [(&'static str, String); 24] {
        let card = format!("'{}'", card("12345_cus_nobody"));
        let call = |name: &'static str, arguments: &str| {
            (name, format!("SELECT vault.{name}({arguments})"))
        };
        [
            call("card_number", "'4111111145551142'::text"),
            call("check_network_token_status", "'12345_pm_none'"),
            call(
                "create_customer",
                r#"'{"name": "John Doe", "email": "guest@example.com"}'"#,
            ),
            call("create_payment_method", &card),
            call("create_payment_methods", &format!("ARRAY[{card}]::jsonb[]")),
            (
                "decrypt",
                "SELECT vault.decrypt(value) FROM stored".to_owned(),
            ),
            call("delete_customer", "'12345_cus_nobody'"),
            call("delete_payment_method", "'12345_pm_none'"),
            call("encrypt", "'text'::text"),
            call("get_network_token", "'12345_pm_none'"),
            call("get_network_token_eligibility", "'41111111'"),
            (
                "import_payment_methods",
                "SELECT item FROM vault.import_payment_methods('SELECT NULL::jsonb')".to_owned(),
            ),
            call("list_customers", ""),
            call("list_payment_methods", "'12345_cus_nobody'"),
            call("retrieve_customer", "'12345_cus_nobody'"),
            call("retrieve_customer_by_reference", "'ref'"),
            call("retrieve_payment_method", "'12345_pm_none'"),
            call("retrieve_payment_methods", "ARRAY['12345_pm_none']"),
            call("searchable", "'text'"),
            call(
                "set_default_payment_method",
                "'12345_cus_nobody', '12345_pm_none'",
            ),
            call("update_customer", "'12345_cus_nobody', '{}'"),
            call("update_payment_method", "'12345_pm_none', '{}'"),
            call("use_connector_token", "'12345_pm_none', 'mca_none'"),
            call("use_cvc", "'12345_pm_none'"),
        ]
    }

    #[pg_test]
    fn without_a_profile_every_operation_refuses() {
        const REFUSED: &str = "28000\nAPI key not provided or invalid API key used";
        let tenant = Tenant::new();
        // The profile ends with the statement, because that has a subtransaction of its own.
        let with_profile = |statement: &str| {
            let Tenant {
                profile_id,
                api_key,
            } = &tenant;
            failure(&format!(
                "SELECT vault.authenticate('{api_key}', '{profile_id}'); {statement}"
            ))
        };
        let store = "CREATE TEMPORARY TABLE stored AS SELECT vault.encrypt('text'::text) AS value";
        assert_eq!(with_profile(store), "none");
        let operations = every_operation();

        let mut names: Vec<&str> = operations.iter().map(|(name, _)| *name).collect();
        names.extend(NEED_NO_PROFILE);
        names.sort_unstable();
        let granted = text(
            "SELECT string_agg(DISTINCT p.proname, ' ' ORDER BY p.proname) FROM pg_proc p, aclexplode(p.proacl) a \
             WHERE p.pronamespace = 'vault'::regnamespace AND a.grantee = 'vault_client'::regrole",
            &[],
        );
        assert_eq!(names.join(" "), granted);
        for (name, operation) in &operations {
            assert_eq!(failure(operation), REFUSED, "{name}");
            assert_ne!(with_profile(operation), REFUSED, "{name}");
        }
    }

    #[pg_test(
        error = "encrypted value is damaged, or belongs to another profile, row, column or key"
    )]
    fn a_summary_copied_from_another_row_does_not_open() {
        Tenant::authenticated();
        let first = call("create_payment_method", None, card(&customer()));
        let second = call("create_payment_method", None, card(&customer()));
        Spi::run_with_args(
            "UPDATE vault.payment_methods SET summary = \
             (SELECT summary FROM vault.payment_methods WHERE payment_method_id = $1) \
             WHERE payment_method_id = $2",
            &[
                first["id"].as_str().unwrap().into(),
                second["id"].as_str().unwrap().into(),
            ],
        )
        .unwrap();
        by_id("retrieve_payment_method", second["id"].as_str().unwrap());
    }

    #[pg_test]
    fn every_write_leaves_an_audit_row() {
        Tenant::authenticated();
        let customer = customer();
        let created = call("create_payment_method", None, card(&customer));
        by_id("delete_payment_method", created["id"].as_str().unwrap());
        by_id("delete_customer", &customer);
        let events = text(
            "SELECT string_agg(event, ' ' ORDER BY occurred_at) FROM vault.audit_log \
             WHERE profile_id = vault.current_profile() AND outcome = 'success'",
            &[],
        );
        assert_eq!(
            events,
            "profile.create customer.create payment_method.create payment_method.delete customer.delete"
        );
    }
}
