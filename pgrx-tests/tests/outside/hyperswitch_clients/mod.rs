//! What clients that were written for Hyperswitch send: nulls for all that they know of, empty texts, names in capitals,
//! members of later versions. By HTTP and by SQL, for both keep the same rules.

mod answers;
mod inactive_methods;
mod repeated_creates;
mod texts;
mod unknown_members;

use serde_json::{Value, json};
use vault_tests::sql::{Parameter, Refused};
use vault_tests::{Answer, Card, Session, Tenant};

/// A tenant by both doors.
struct Doors {
    tenant: Tenant,
    sql: Session,
}

/// What one request came to by both doors.
struct Both {
    http: Answer,
    sql: Result<Value, Refused>,
}

impl Doors {
    fn new() -> Doors {
        let tenant = Tenant::new();
        let sql = tenant.sql();
        Doors { tenant, sql }
    }

    fn call(
        &mut self,
        (verb, path, body): (&str, &str, &Value),
        operation: &str,
        arguments: &[Parameter],
    ) -> Both {
        Both {
            http: self
                .tenant
                .send(&self.tenant.request(verb, path).json(body)),
            sql: self.sql.call(operation, arguments),
        }
    }

    fn create_customer(&mut self, body: &Value) -> Both {
        let request = ("POST", "/v2/customers", body);
        self.call(request, "create_customer($1)", &[body])
    }

    fn update_customer(&mut self, id: &str, body: &Value) -> Both {
        let path = format!("/v2/customers/{id}");
        let request = ("PUT", path.as_str(), body);
        self.call(request, "update_customer($1, $2)", &[&id, body])
    }

    fn create_method(&mut self, body: &Value) -> Both {
        let request = ("POST", "/v2/payment-methods", body);
        self.call(request, "create_payment_method($1)", &[body])
    }

    fn update_method(&mut self, id: &str, body: &Value) -> Both {
        let request = ("PATCH", &*update_path(id), body);
        self.call(request, "update_payment_method($1, $2)", &[&id, body])
    }
}

impl Both {
    /// Both answers, which must be there.
    #[track_caller]
    fn ok(self) -> [Value; 2] {
        [self.http.ok(), self.sql.unwrap()]
    }

    #[track_caller]
    fn refused(self, status: u16, code: &str, sqlstate: &str, message: &str) {
        self.http.refuses(status, code, message);
        assert_eq!(self.sql.unwrap_err().pair(), (sqlstate, message));
    }

    /// A refusal with the place in the JSON, which differs: jsonb is written anew.
    #[track_caller]
    fn refused_for_its_form(self, what: &str) {
        let pattern = format!("Json deserialize error: {what}.* at line 1 column [0-9]+");
        self.http.refuses_like(400, "IR_06", &pattern);
        let refused = self.sql.unwrap_err();
        assert_eq!(refused.sqlstate, "22032", "{refused:?}");
        let expected = format!("Json deserialize error: {what}");
        assert!(refused.message.starts_with(&expected), "{refused:?}");
    }
}

fn update_path(id: &str) -> String {
    format!("/v2/payment-methods/{id}/update-saved-payment-method")
}

fn acknowledged(status: &str) -> Value {
    json!({"acknowledgement_status": status})
}

/// A create of a new card with further members of the card.
fn card_with(customer: &str, members: Value) -> Value {
    let mut request = Card::new().create_for(customer);
    let card = &mut request["payment_method_data"]["card"];
    for (name, value) in members.as_object().unwrap() {
        card[name] = value.clone();
    }
    request
}
