//! The calls: where each is found, what it takes, and how it is answered. docker/nginx.conf routes to the same functions.

use schemars::{Schema, SchemaGenerator};

use crate::contract::customer::{
    CustomerCreate, CustomerDeleted, CustomerPage, CustomerResponse, CustomerUpdate,
    PaymentMethodCount,
};
use crate::contract::json::Body;
use crate::contract::payment_method::{
    DefaultPaymentMethod, Eligibility, NetworkTokenDetails, NetworkTokenRequest,
    NetworkTokenStatus, PaymentMethodBatch, PaymentMethodBatchResponse, PaymentMethodCreate,
    PaymentMethodDeleted, PaymentMethodDetails, PaymentMethodResponse, PaymentMethodUpdate,
    SavedPaymentMethods,
};
use crate::contract::refusal::{MAX_BODY_LENGTH, Refusal};

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One call.
pub(super) struct Call {
    pub(super) path: &'static str,
    /// The verbs do the same.
    pub(super) verbs: &'static [&'static str],
    /// The function of the schema `vault_api`.
    pub(super) function: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    /// Members of the query.
    pub(super) query: &'static [&'static str],
    pub(super) body: Option<SchemaOf>,
    /// In bytes.
    pub(super) longest_body: usize,
    pub(super) answer: SchemaOf,
    /// The refusals of this call beside those of every call.
    pub(super) refusals: &'static [Refusal],
}

const CUSTOMERS: &str = "Customers";
const PAYMENT_METHODS: &str = "Payment methods";
const NETWORK_TOKENS: &str = "Network tokens";

/// What a create or an update refuses, as an example of all rules for fields.
const BROKEN_RULE: Refusal = Refusal::Field {
    field: std::borrow::Cow::Borrowed("email"),
    rule: std::borrow::Cow::Borrowed("an e-mail address"),
};
const BROKEN_QUERY: Refusal = Refusal::Field {
    field: std::borrow::Cow::Borrowed("limit"),
    rule: std::borrow::Cow::Borrowed("a whole number"),
};

/// A call with nothing but a path and an answer.
const CALL: Call = Call {
    path: "",
    verbs: &["GET"],
    function: "",
    tag: CUSTOMERS,
    summary: "",
    description: "",
    query: &[],
    body: None,
    longest_body: MAX_BODY_LENGTH,
    answer: |schemas| schemas.subschema_for::<CustomerResponse>(),
    refusals: &[],
};

/// All calls, in the order of docs/http.md.
#[rustfmt::skip]
pub(super) const CALLS: &[Call] = &[
    Call {
        path: "/customers",
        verbs: &["POST"],
        function: "create_customer",
        summary: "Create a customer",
        description: "`merchant_reference_id` is your own name for the customer, and unique in the profile.",
        body: Some(|schemas| schemas.subschema_for::<CustomerCreate>()),
        refusals: &[BROKEN_RULE, Refusal::CustomerExists],
        ..CALL
    },
    Call {
        path: "/customers/{customer_id}",
        function: "retrieve_customer",
        summary: "Retrieve a customer",
        refusals: &[Refusal::CustomerNotFound, Refusal::CustomerRedacted],
        ..CALL
    },
    Call {
        path: "/customers/{customer_id}",
        verbs: &["PUT", "PATCH", "POST"],
        function: "update_customer",
        summary: "Update a customer",
        description: "A member that is absent or null leaves the customer's as it is.",
        body: Some(|schemas| schemas.subschema_for::<CustomerUpdate>()),
        refusals: &[BROKEN_RULE, Refusal::CustomerNotFound, Refusal::CustomerRedacted, Refusal::PaymentMethodNotFound],
        ..CALL
    },
    Call {
        path: "/customers/{customer_id}",
        verbs: &["DELETE"],
        function: "delete_customer",
        summary: "Delete a customer",
        description: "The customer is redacted, and its payment methods are deleted.",
        answer: |schemas| schemas.subschema_for::<CustomerDeleted>(),
        refusals: &[Refusal::CustomerNotFound, Refusal::CustomerRedacted],
        ..CALL
    },
    Call {
        path: "/customers/reference/{merchant_reference_id}",
        function: "retrieve_customer_by_reference",
        summary: "Retrieve a customer by your own id",
        refusals: &[Refusal::CustomerNotFound, Refusal::CustomerRedacted],
        ..CALL
    },
    Call {
        path: "/customers/list",
        function: "list_customers",
        summary: "List customers",
        description: "Oldest first. At most 10 unless `limit` says otherwise.",
        query: &["limit", "offset", "customer_id"],
        answer: |schemas| schemas.subschema_for::<Vec<CustomerResponse>>(),
        refusals: &[BROKEN_QUERY],
        ..CALL
    },
    Call {
        path: "/customers/list_with_count",
        function: "list_customers_with_count",
        summary: "List customers and count them",
        description: "Oldest first. At most 20 unless `limit` says otherwise.",
        query: &["limit", "offset", "customer_id", "start_time", "end_time"],
        answer: |schemas| schemas.subschema_for::<CustomerPage>(),
        refusals: &[BROKEN_QUERY],
        ..CALL
    },
    Call {
        path: "/customers/{customer_id}/saved-payment-methods",
        function: "list_payment_methods",
        tag: PAYMENT_METHODS,
        summary: "List a customer's payment methods",
        description: "The active ones, last used first.",
        query: &["limit", "starting_after", "include_new"],
        answer: |schemas| schemas.subschema_for::<SavedPaymentMethods>(),
        refusals: &[
            Refusal::CustomerNotFound, Refusal::CustomerRedacted, Refusal::PaymentMethodNotFound, BROKEN_QUERY,
        ],
        ..CALL
    },
    Call {
        path: "/customers/total-payment-methods",
        function: "count_payment_methods",
        tag: PAYMENT_METHODS,
        summary: "Count the profile's payment methods",
        description: "The active ones of all customers.",
        answer: |schemas| schemas.subschema_for::<PaymentMethodCount>(),
        ..CALL
    },
    Call {
        path: "/customers/{customer_id}/payment-methods/{payment_method_id}/default",
        verbs: &["POST"],
        function: "set_default_payment_method",
        tag: PAYMENT_METHODS,
        summary: "Make a payment method the customer's default",
        answer: |schemas| schemas.subschema_for::<DefaultPaymentMethod>(),
        refusals: &[Refusal::CustomerNotFound, Refusal::PaymentMethodNotFound, Refusal::CustomerRedacted],
        ..CALL
    },
    Call {
        path: "/payment-methods",
        verbs: &["POST"],
        function: "create_payment_method",
        tag: PAYMENT_METHODS,
        summary: "Store a card or a bank account",
        description: "A create with the same number and expiry for the same customer makes no second payment method. The \
            first one keeps its id, and takes over the new names.",
        body: Some(|schemas| schemas.subschema_for::<PaymentMethodCreate>()),
        answer: |schemas| schemas.subschema_for::<PaymentMethodResponse>(),
        refusals: &[
            Refusal::CardNumberCharacter, Refusal::CardNumberLength, Refusal::CardNumberChecksum, Refusal::ExpiryMonth,
            Refusal::ExpiryYear, Refusal::CardExpired, Refusal::MissingCustomerId, Refusal::CustomerNotFound,
            Refusal::CustomerRedacted, Refusal::ConnectorNotFound, Refusal::InvalidPaymentMethodType,
            Refusal::InvalidPaymentMethodData, Refusal::PspTokenizationNotSupported,
        ],
        ..CALL
    },
    Call {
        path: "/payment-methods/batch",
        verbs: &["POST"],
        function: "create_payment_methods",
        tag: PAYMENT_METHODS,
        summary: "Store many cards and bank accounts",
        description: "Up to 100, in a body of up to 1,048,576 bytes. Each is what `POST /payment-methods` takes, and is stored \
            or refused by itself. The answer has an outcome for each, in the same order.",
        body: Some(|schemas| schemas.subschema_for::<PaymentMethodBatch>()),
        longest_body: PaymentMethodBatch::MAX_LENGTH,
        answer: |schemas| schemas.subschema_for::<PaymentMethodBatchResponse>(),
        refusals: &[Refusal::Field {
            field: std::borrow::Cow::Borrowed("payment_methods"),
            rule: std::borrow::Cow::Borrowed("an array of 1 to 100 payment methods"),
        }],
        ..CALL
    },
    Call {
        path: "/payment-methods/{payment_method_id}",
        verbs: &["GET", "POST"],
        function: "retrieve_payment_method",
        tag: PAYMENT_METHODS,
        summary: "Retrieve a payment method",
        description: "Masked. With `fetch_raw_detail` it comes in full. That needs an API key with the `reveal` scope, and \
            is on record.",
        query: &["fetch_raw_detail"],
        answer: |schemas| schemas.subschema_for::<PaymentMethodResponse>(),
        refusals: &[Refusal::RevealNotAllowed, Refusal::PaymentMethodNotFound],
        ..CALL
    },
    Call {
        path: "/payment-methods/{payment_method_id}/details",
        function: "retrieve_payment_method_details",
        tag: PAYMENT_METHODS,
        summary: "Retrieve a payment method without a word on number and CVC",
        answer: |schemas| schemas.subschema_for::<PaymentMethodDetails>(),
        refusals: &[Refusal::PaymentMethodNotFound],
        ..CALL
    },
    Call {
        path: "/payment-methods/{payment_method_id}/update-saved-payment-method",
        verbs: &["PUT", "PATCH"],
        function: "update_payment_method",
        tag: PAYMENT_METHODS,
        summary: "Update a payment method",
        description: "Number and expiry never change. The status `failed` hides the payment method until an update says \
            `authenticated`.",
        body: Some(|schemas| schemas.subschema_for::<PaymentMethodUpdate>()),
        answer: |schemas| schemas.subschema_for::<PaymentMethodResponse>(),
        refusals: &[
            Refusal::UnsupportedUpdate, Refusal::PaymentMethodNotFound, Refusal::RedactedUpdate,
            Refusal::InvalidPaymentMethodData, Refusal::SeveralConnectorTokens,
        ],
        ..CALL
    },
    Call {
        path: "/payment-methods/{payment_method_id}",
        verbs: &["DELETE"],
        function: "delete_payment_method",
        tag: PAYMENT_METHODS,
        summary: "Delete a payment method",
        description: "The row loses its ciphertext.",
        answer: |schemas| schemas.subschema_for::<PaymentMethodDeleted>(),
        refusals: &[Refusal::PaymentMethodRedacted, Refusal::PaymentMethodNotFound],
        ..CALL
    },
    Call {
        path: "/payment-methods/{payment_method_id}/check-network-token-status",
        function: "check_network_token_status",
        tag: NETWORK_TOKENS,
        summary: "Ask for the state of a network token",
        description: "The vault asks the token service.",
        answer: |schemas| schemas.subschema_for::<NetworkTokenStatus>(),
        refusals: &[
            Refusal::NoNetworkTokenToCheck, Refusal::PaymentMethodNotFound, Refusal::NetworkTokenizationDisabled,
        ],
        ..CALL
    },
    Call {
        path: "/payment-methods/{payment_method_id}/get-token",
        verbs: &["POST", "GET"],
        function: "get_network_token",
        tag: NETWORK_TOKENS,
        summary: "Get a network token in full",
        description: "With a cryptogram for one payment. It needs an API key with the `reveal` scope, and is on record. A \
            request without a body asks for the network token.",
        body: Some(|schemas| schemas.subschema_for::<NetworkTokenRequest>()),
        answer: |schemas| schemas.subschema_for::<NetworkTokenDetails>(),
        refusals: &[
            Refusal::RevealNotAllowed, Refusal::PaymentMethodNotFound, Refusal::NetworkTokenNotFound,
            Refusal::NetworkTokenizationDisabled, Refusal::TokenTypeNotSupported, Refusal::TokenServiceFailed,
        ],
        ..CALL
    },
    Call {
        path: "/payment-methods/get-network-token-eligibility",
        function: "get_network_token_eligibility",
        tag: NETWORK_TOKENS,
        summary: "Ask whether cards can have network tokens",
        description: "The vault asks the token service.",
        query: &["card_bin"],
        answer: |schemas| schemas.subschema_for::<Eligibility>(),
        refusals: &[Refusal::NetworkTokenEligibilityDisabled, Refusal::TokenServiceFailed],
        ..CALL
    },
];
