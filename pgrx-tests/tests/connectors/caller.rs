//! Makes calls as the worker does.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use vault_core::ids::CustomerId;
use zeroize::Zeroizing;

use crate::connectors::{
    Account, AllowList, Answer, Call, CallRules, CardDetails, Fault, FaultKind, Kind, MadeToken,
    Outside, TokenOrder, TokenUse, Work,
};
use crate::server::Server;

pub const CARD_NUMBER: &str = "4000056655665556";

/// An upper bound for whatever has to happen.
pub const LONG: Duration = Duration::from_secs(30);

pub fn rules(hosts: &str) -> CallRules {
    CallRules {
        allow_list: AllowList::parse(hosts).unwrap(),
        connect_timeout: LONG,
        head_timeout: LONG,
        body_timeout: LONG,
        ca_file: None,
    }
}

/// Allows this server alone.
pub fn rules_for(server: &Server) -> CallRules {
    rules(&server.address.to_string())
}

pub fn order() -> TokenOrder {
    TokenOrder {
        card: CardDetails {
            number: Zeroizing::new(CARD_NUMBER.to_owned()),
            exp_month: "03".to_owned(),
            exp_year: "2031".to_owned(),
            holder_name: Some("Joseph Doe".to_owned()),
        },
        token_use: TokenUse::Single,
        reference: "job_1".to_owned(),
        customer_id: CustomerId::from_client("cus_1"),
        connector_customer_id: None,
    }
}

pub fn multi_use_order() -> TokenOrder {
    TokenOrder {
        token_use: TokenUse::Multi,
        ..order()
    }
}

/// An account whose provider is asked at this URL, and answers `{"token": …}`.
pub fn account_at(url: &str) -> Arc<Account> {
    template(&format!(
        r#"{{"request": {{"method": "POST", "url": "{url}", "body": {{"json": {{"number": "{{{{card_number}}}}"}}}}}},
             "token": "/token"}}"#
    ))
}

pub fn template(settings: &str) -> Arc<Account> {
    Arc::new(Account::parse(Kind::HttpTemplate, settings, "{}").unwrap())
}

/// Makes one call on a thread of its own.
pub fn call(account: &Arc<Account>, call: Call, rules: CallRules) -> Result<Answer, Fault> {
    let outside = Outside::start().unwrap();
    outside.submit(Work {
        id: 7,
        account: Arc::clone(account),
        call,
        rules: Arc::new(rules),
    });
    let (id, result) = wait(&outside);
    assert_eq!(id, 7);
    assert!(outside.finished().is_none());
    result
}

pub fn make(
    account: &Arc<Account>,
    order: TokenOrder,
    rules: CallRules,
) -> Result<MadeToken, Fault> {
    match call(account, Call::MakeToken(order), rules)? {
        Answer::TokenMade(made) => Ok(made),
        _ => panic!("an answer to another question"),
    }
}

pub fn delete(account: &Arc<Account>, token: &str, rules: CallRules) -> Result<(), Fault> {
    let delete = Call::DeleteToken {
        token: Zeroizing::new(token.to_owned()),
        reference: "job_2".to_owned(),
    };
    match call(account, delete, rules)? {
        Answer::TokenDeleted => Ok(()),
        _ => panic!("an answer to another question"),
    }
}

/// Makes a token at a server that is allowed.
pub fn make_at(server: &Server) -> Result<MadeToken, Fault> {
    make(&account_at(&server.url()), order(), rules_for(server))
}

pub fn fault_at(server: &Server) -> Fault {
    make_at(server).map(drop).unwrap_err()
}

pub fn kind_of<T>(result: Result<T, Fault>) -> FaultKind {
    result.map(drop).unwrap_err().kind
}

/// Waits as the worker does: for the descriptor.
pub fn wait(outside: &Outside) -> (u64, Result<Answer, Fault>) {
    assert!(is_ready_within(outside, LONG), "nothing came of the call");
    outside.finished().unwrap()
}

pub fn is_ready_within(outside: &Outside, limit: Duration) -> bool {
    // SAFETY: it is open as long as `outside`.
    let readiness = unsafe { BorrowedFd::borrow_raw(outside.readiness()) };
    let limit = PollTimeout::try_from(limit).unwrap();
    let ready = poll(&mut [PollFd::new(readiness, PollFlags::POLLIN)], limit);
    ready.unwrap() == 1
}
