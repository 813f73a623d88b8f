#[pgrx::pg_schema]
mod tests {
    use pgrx::JsonB;
    use pgrx::prelude::*;
    use serde_json::{Value, json};

    use super::super::{Tenant, by_id, call, card, customer, failure, text};

    /// Stores the card, whose CVC is 242, and gives the method's id.
    fn stored(body: Value) -> String {
        let created = call("create_payment_method", None, body);
        created["id"].as_str().unwrap().to_owned()
    }

    fn card_with_cvc(customer: &str, cvc: Option<&str>) -> Value {
        let mut body = card(customer);
        body["payment_method_data"]["card"]["card_cvc"] = json!(cvc);
        body
    }

    fn volatile() -> Value {
        let mut body = card("");
        body["storage_type"] = json!("volatile");
        body.as_object_mut().unwrap().remove("customer_id");
        body
    }

    const NO_CVC: &str = "P0002\nCard CVC does not exist in our records";
    const NO_PAYMENT_METHOD: &str = "P0002\nPayment method does not exist in our records";

    fn use_cvc(id: &str) -> String {
        text("SELECT vault.use_cvc($1)", &[id])
    }

    /// Why the CVC of the card is not given.
    fn refused_cvc(id: &str) -> String {
        failure(&format!("SELECT vault.use_cvc('{id}')"))
    }

    /// Has the rows of a table lie under the memory key of an earlier server; gives back the one that is right.
    fn put_under_another_memory_key(table: &str) -> String {
        let key = text(&format!("SELECT memory_key::text FROM vault.{table}"), &[]);
        set(table, r"memory_key = '\x0000000000000000'");
        key
    }

    fn cvc_storage(id: &str) -> Value {
        by_id("retrieve_payment_method", id)["card_cvc_token_storage"].clone()
    }

    fn not_stored() -> Value {
        json!({"is_stored": false, "expires_at": null})
    }

    fn count(condition: &str) -> String {
        text(
            &format!(
                "SELECT (SELECT count(*) FROM vault.cvcs WHERE {condition}) || ' ' || \
                        (SELECT count(*) FROM vault.volatile_payment_methods WHERE {condition})"
            ),
            &[],
        )
    }

    /// How many CVCs and methods of the current profile lie in the tables.
    fn rows() -> String {
        count("profile_id = vault.current_profile()")
    }

    fn delete_expired(after: &str) -> String {
        text(
            "SELECT vault.delete_expired(clock_timestamp() + $1::text::interval)::text",
            &[after],
        )
    }

    fn set(table: &str, change: &str) {
        Spi::run(&format!("UPDATE vault.{table} SET {change}")).unwrap();
    }

    #[pg_test]
    fn a_cvc_is_kept_for_a_quarter_of_an_hour_and_told_by_every_answer() {
        Tenant::authenticated();
        let created = call("create_payment_method", None, card(&customer()));
        let id = created["id"].as_str().unwrap();
        assert_eq!(created["card_cvc_token_storage"]["is_stored"], true);
        let kept = text(
            "SELECT (c.expires_at - p.created_at)::text FROM vault.cvcs c \
             JOIN vault.payment_methods p USING (profile_id, payment_method_id) WHERE payment_method_id = $1",
            &[id],
        );
        assert_eq!(kept, "00:15:00");
        let update = call("update_payment_method", Some(id), json!({}));
        let storage = &created["card_cvc_token_storage"];
        assert_eq!(&update["card_cvc_token_storage"], storage);
        assert_eq!(&cvc_storage(id), storage);
    }

    #[pg_test]
    fn a_cvc_is_gone_when_it_is_used() {
        Tenant::authenticated();
        let id = stored(card(&customer()));
        assert_eq!(use_cvc(&id), "242");
        assert_eq!(cvc_storage(&id), not_stored());
        assert_eq!(rows(), "0 0");
        let audited = text(
            "SELECT outcome FROM vault.audit_log WHERE event = 'payment_method.use_cvc' AND object_id = $1",
            &[&id],
        );
        assert_eq!(audited, "success");
    }

    #[pg_test]
    fn a_cvc_is_not_used_twice() {
        Tenant::authenticated();
        let id = stored(card(&customer()));
        assert_eq!(use_cvc(&id), "242");
        assert_eq!(refused_cvc(&id), NO_CVC);
    }

    #[pg_test]
    fn a_card_without_a_cvc_has_none_to_use() {
        Tenant::authenticated();
        let customer = customer();
        let id = stored(card_with_cvc(&customer, None));
        assert_eq!(cvc_storage(&id), not_stored());
        assert_eq!(refused_cvc(&id), NO_CVC);
        assert_eq!(stored(card(&customer)), id);
        assert_eq!(use_cvc(&id), "242");
    }

    #[pg_test]
    fn a_cvc_whose_time_is_over_is_not_there_even_before_the_worker_comes() {
        Tenant::authenticated();
        let id = stored(card(&customer()));
        set("cvcs", "expires_at = clock_timestamp()");
        assert_eq!(cvc_storage(&id), not_stored());
        assert_eq!(refused_cvc(&id), NO_CVC);
        set(
            "cvcs",
            "expires_at = clock_timestamp() + interval '1 minute'",
        );
        assert_eq!(use_cvc(&id), "242");
    }

    #[pg_test]
    fn a_cvc_under_the_memory_key_of_an_earlier_server_is_not_there() {
        Tenant::authenticated();
        let id = stored(card(&customer()));
        let key = put_under_another_memory_key("cvcs");
        assert_eq!(cvc_storage(&id), not_stored());
        assert_eq!(refused_cvc(&id), NO_CVC);
        set("cvcs", &format!("memory_key = '{key}'"));
        assert_eq!(use_cvc(&id), "242");
    }

    #[pg_test]
    fn a_cvc_of_another_profile_is_not_there() {
        let tenant = Tenant::authenticated();
        let id = stored(card(&customer()));
        Tenant::authenticated();
        assert_eq!(refused_cvc(&id), NO_CVC);
        tenant.authenticate();
        assert_eq!(use_cvc(&id), "242");
    }

    #[pg_test(
        error = "encrypted value is damaged, or belongs to another profile, row, column or key"
    )]
    fn a_cvc_copied_to_another_card_does_not_open() {
        Tenant::authenticated();
        let (first, second) = (stored(card(&customer())), stored(card(&customer())));
        Spi::run_with_args(
            "UPDATE vault.cvcs SET code = (SELECT code FROM vault.cvcs WHERE payment_method_id = $1) \
             WHERE payment_method_id = $2",
            &[first.as_str().into(), second.as_str().into()],
        )
        .unwrap();
        use_cvc(&second);
    }

    #[pg_test]
    fn the_same_card_keeps_its_cvc_until_it_comes_with_another() {
        Tenant::authenticated();
        let customer = customer();
        let id = stored(card(&customer));
        let storage = cvc_storage(&id);
        let again = call(
            "create_payment_method",
            None,
            card_with_cvc(&customer, None),
        );
        assert_eq!(again["card_cvc_token_storage"], storage);

        let again = call(
            "create_payment_method",
            None,
            card_with_cvc(&customer, Some("7379")),
        );
        assert_ne!(again["card_cvc_token_storage"], storage);
        assert_eq!(cvc_storage(&id), again["card_cvc_token_storage"]);
        assert_eq!(use_cvc(&id), "7379");
    }

    #[pg_test]
    fn an_update_replaces_the_cvc() {
        Tenant::authenticated();
        let id = stored(card(&customer()));
        set("cvcs", "expires_at = clock_timestamp()");
        let update = json!({"payment_method_data": {"card": {"card_cvc": "7379"}}});
        let updated = call("update_payment_method", Some(&id), update);
        assert_eq!(updated["card_cvc_token_storage"]["is_stored"], true);
        assert_eq!(cvc_storage(&id), updated["card_cvc_token_storage"]);
        assert_eq!(use_cvc(&id), "7379");
    }

    #[pg_test]
    fn an_inactive_method_keeps_no_cvc() {
        Tenant::authenticated();
        let id = stored(card(&customer()));
        let update = json!({
            "payment_method_data": {"card": {"card_cvc": "7379"}},
            "acknowledgement_status": "failed",
        });
        let updated = call("update_payment_method", Some(&id), update);
        assert_eq!(updated["card_cvc_token_storage"], not_stored());
        assert_eq!(rows(), "0 0");
    }

    #[pg_test]
    fn a_cvc_is_deleted_with_its_method() {
        Tenant::authenticated();
        let id = stored(card(&customer()));
        assert_eq!(rows(), "1 0");
        by_id("delete_payment_method", &id);
        assert_eq!(rows(), "0 0");
    }

    #[pg_test]
    fn a_customer_is_deleted_with_volatile_methods_and_cvcs() {
        Tenant::authenticated();
        let customer = customer();
        stored(card(&customer));
        let mut body = volatile();
        body["customer_id"] = json!(customer);
        stored(body);
        stored(volatile());
        assert_eq!(rows(), "3 2");
        by_id("delete_customer", &customer);
        assert_eq!(rows(), "1 1");
    }

    #[pg_test]
    fn a_volatile_method_needs_no_customer_and_is_read_and_deleted_like_any_other() {
        Tenant::authenticated();
        let created = call("create_payment_method", None, volatile());
        let id = created["id"].as_str().unwrap();
        assert_eq!(created["storage_type"], "volatile");
        assert_eq!(created["customer_id"], Value::Null);
        assert_eq!(created["card_cvc_token_storage"]["is_stored"], true);
        assert_eq!(by_id("retrieve_payment_method", id), created);

        let revealed: Option<JsonB> = Spi::get_one_with_args(
            "SELECT vault.retrieve_payment_method($1, true)",
            &[id.into()],
        )
        .unwrap();
        let raw = &revealed.unwrap().0["raw_payment_method_data"]["card"];
        assert_eq!(raw["card_number"], "4111111145551142");
        assert_eq!(use_cvc(id), "242");

        stored(volatile());
        assert_eq!(by_id("delete_payment_method", id), json!({"id": id}));
        assert_eq!(rows(), "1 1");
    }

    #[pg_test]
    fn volatile_methods_are_in_no_list_and_are_never_duplicates() {
        Tenant::authenticated();
        let customer = customer();
        let mut body = volatile();
        body["customer_id"] = json!(customer);
        let first = stored(body.clone());
        assert_ne!(stored(body), first);
        assert_eq!(
            by_id("list_payment_methods", &customer),
            json!({"customer_payment_methods": []})
        );
        let persistent = stored(card(&customer));
        let list = by_id("list_payment_methods", &customer);
        assert_eq!(list["customer_payment_methods"][0]["id"], persistent);
        assert_eq!(list["customer_payment_methods"][1], Value::Null);
    }

    #[pg_test]
    fn a_volatile_method_does_not_change() {
        Tenant::authenticated();
        let update = |id: &str| format!("SELECT vault.update_payment_method('{id}', '{{}}')");
        let (persistent, volatile) = (stored(card(&customer())), stored(volatile()));
        assert_eq!(failure(&update(&persistent)), "none");
        assert_eq!(failure(&update(&volatile)), NO_PAYMENT_METHOD);
    }

    #[pg_test]
    fn a_volatile_method_is_nobodys_default() {
        Tenant::authenticated();
        let customer = customer();
        let mut body = volatile();
        body["customer_id"] = json!(customer);
        let set_default =
            |id: &str| format!("SELECT vault.set_default_payment_method('{customer}', '{id}')");
        let (persistent, volatile) = (stored(card(&customer)), stored(body));
        assert_eq!(failure(&set_default(&persistent)), "none");
        assert_eq!(failure(&set_default(&volatile)), NO_PAYMENT_METHOD);
    }

    #[pg_test]
    fn a_volatile_method_ends_after_a_day() {
        Tenant::authenticated();
        let id = stored(volatile());
        let kept = text(
            "SELECT (expires_at - created_at)::text FROM vault.volatile_payment_methods \
             WHERE payment_method_id = $1",
            &[&id],
        );
        assert_eq!(kept, "1 day");
        let retrieve = format!("SELECT vault.retrieve_payment_method('{id}')");
        set("volatile_payment_methods", "expires_at = clock_timestamp()");
        assert_eq!(failure(&retrieve), NO_PAYMENT_METHOD);
        set(
            "volatile_payment_methods",
            "expires_at = clock_timestamp() + interval '1 minute'",
        );
        assert_eq!(failure(&retrieve), "none");
    }

    #[pg_test]
    fn a_volatile_method_under_the_memory_key_of_an_earlier_server_is_not_there() {
        Tenant::authenticated();
        let id = stored(volatile());
        let delete = format!("SELECT vault.delete_payment_method('{id}')");
        let key = put_under_another_memory_key("volatile_payment_methods");
        assert_eq!(failure(&delete), NO_PAYMENT_METHOD);
        set("volatile_payment_methods", &format!("memory_key = '{key}'"));
        assert_eq!(failure(&delete), "none");
    }

    #[pg_test(error = "Customer does not exist in our records")]
    fn a_volatile_method_for_nobody_is_refused() {
        Tenant::authenticated();
        let mut body = volatile();
        body["customer_id"] = json!("12345_cus_nobody");
        stored(body);
    }

    #[pg_test(error = "Customer has already been redacted")]
    fn a_volatile_method_of_a_redacted_customer_is_refused() {
        Tenant::authenticated();
        let customer = customer();
        by_id("delete_customer", &customer);
        let mut body = volatile();
        body["customer_id"] = json!(customer);
        stored(body);
    }

    #[pg_test]
    fn what_has_expired_is_deleted_in_every_profile_and_nothing_else() {
        for _ in 0..2 {
            Tenant::authenticated();
            stored(card(&customer()));
            stored(volatile());
        }
        assert_eq!(delete_expired("14 minutes 50 seconds"), "0");
        assert_eq!(delete_expired("15 minutes"), "4");
        assert_eq!(count("true"), "0 2");
        assert_eq!(delete_expired("23 hours 59 minutes 50 seconds"), "0");
        assert_eq!(delete_expired("24 hours"), "2");
        assert_eq!(count("true"), "0 0");
    }

    #[pg_test]
    fn more_than_a_batch_is_deleted_at_one_go() {
        Spi::run(
            "INSERT INTO vault.cvcs SELECT 'pro', 'pm_' || i, '', '', now() FROM generate_series(1, 2500) i",
        )
        .unwrap();
        assert_eq!(delete_expired("0 seconds"), "2500");
    }

    #[pg_test]
    fn no_sample_of_an_envelope_gets_into_the_statistics() {
        Tenant::authenticated();
        let customer = customer();
        for _ in 0..5 {
            stored(volatile());
        }
        stored(card(&customer));
        Spi::run("ANALYZE vault.cvcs, vault.volatile_payment_methods").unwrap();
        let sampled = text(
            "SELECT string_agg(DISTINCT a.attname, ' ' ORDER BY a.attname) FROM pg_statistic s \
             JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum \
             WHERE a.attrelid IN ('vault.cvcs'::regclass, 'vault.volatile_payment_methods'::regclass) \
               AND a.atttypid = 'bytea'::regtype",
            &[],
        );
        assert_eq!(sampled, "memory_key");
    }

    #[pg_test]
    fn the_tables_are_unlogged_and_not_dumped() {
        let tables = text(
            "SELECT string_agg(c.relname || ' ' || (c.oid = ANY (coalesce(e.extconfig, '{}')))::text, ', ' \
                               ORDER BY c.relname) \
             FROM pg_class c, pg_extension e \
             WHERE e.extname = 'vault' AND c.relnamespace = 'vault'::regnamespace \
               AND c.relkind = 'r' AND c.relpersistence = 'u'",
            &[],
        );
        assert_eq!(tables, "cvcs false, volatile_payment_methods false");
    }

    #[pg_test]
    fn destroying_a_profiles_keys_ends_what_is_volatile() {
        let tenant = Tenant::authenticated();
        stored(card(&customer()));
        stored(volatile());
        assert_eq!(rows(), "2 1");
        text(
            "SELECT vault.destroy_profile_keys($1)::text",
            &[&tenant.profile_id],
        );
        assert_eq!(rows(), "0 0");
    }
}
