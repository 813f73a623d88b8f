//! The API's description at /openapi.json, and the page at /docs that shows it.

use std::env::temp_dir;
use std::fs;
use std::process::Command;

use serde_json::Value;
use vault_tests::openapi::DOCUMENT;
use vault_tests::stack::{repository, variable};
use vault_tests::{Answer, Request, Stack, random};

fn get(path: &str) -> Answer {
    let client = Stack::shared().client();
    client.exchange(&Request::new("GET", path).bytes())
}

#[test]
fn the_description_is_served_as_it_is_in_the_repository() {
    let answer = get("/openapi.json");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.ok() == *DOCUMENT, "/openapi.json is another file");
}

#[test]
fn only_the_files_of_the_page_are_served() {
    for (path, content_type) in [
        ("/docs", "text/html"),
        ("/docs/", "text/html"),
        ("/docs/start.js", "text/javascript"),
        ("/docs/swagger-ui.css", "text/css"),
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
    ] {
        let answer = get(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(content_type)),
            "{path}"
        );
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{path}: {policy}"
        );
    }
    for path in [
        "/docs/nothing",
        "/docs/../etc/stack.conf",
        "/docs/%2e%2e/openapi.json.gz",
        "/docsx",
        "/openapi.jsonx",
    ] {
        get(path).refuses(404, "IR_02", "Unrecognized request URL");
    }
}

#[test]
fn a_browser_shows_every_call_without_a_complaint_and_asks_nobody_else() {
    let screenshot = temp_dir().join(format!("{}.png", random::name("page")));
    let output = Command::new(repository("pgrx-tests/openapi/run"))
        .arg("page")
        .arg(&screenshot)
        .output()
        .expect("the script can be run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let image = fs::read(&screenshot).expect("a screenshot");
    assert!(
        image.starts_with(b"\x89PNG") && image.len() > 20_000,
        "{} bytes",
        image.len()
    );
    keep_or_remove(&screenshot);

    let found: Value = serde_json::from_slice(&output.stdout).expect("what was found");
    assert_eq!(found["complaints"], serde_json::json!([]));
    let url = variable("VAULT_URL");
    let requests = found["requests"].as_array().expect("requests");
    let elsewhere = |request: &&Value| {
        !request
            .as_str()
            .is_some_and(|request| request.starts_with(&url))
    };
    assert_eq!(requests.iter().find(elsewhere), None);
    assert_eq!(requests.len(), 5, "{requests:?}");
    let paths = DOCUMENT["paths"].as_object().unwrap().values();
    let calls = paths
        .map(|path| path.as_object().unwrap().len() - 1)
        .sum::<usize>();
    assert_eq!(found["operations"], calls);
    assert_eq!(found["inputs_for_keys"], 0);
}

/// To be looked at by hand: VAULT_SCREENSHOT names where it goes.
fn keep_or_remove(screenshot: &std::path::Path) {
    if let Some(place) = std::env::var_os("VAULT_SCREENSHOT") {
        fs::copy(screenshot, place).expect("room for the screenshot");
    }
    fs::remove_file(screenshot).expect("a screenshot");
}
