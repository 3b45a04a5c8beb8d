//! What is derived from the code and committed says what the code says.

use std::{collections::HashSet, env, fs, path::PathBuf};

use serde_json::Value;
use wagate_api::Code;

/// Compares a committed file with what the code makes of it; writes it instead when `UPDATE` is set.
fn check(path: &str, derived: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, derived).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == derived, "{} is not what the code says: run `make derive`", path.display());
}

#[test]
fn openapi_json_is_current() {
    check("openapi.json", &wagate_api::openapi_json().unwrap());
}

#[test]
fn the_errors_page_is_current() {
    check("../docs/reference/errors.md", &wagate_api::errors_reference());
}

#[test]
fn the_permissions_page_is_current() {
    check("../docs/reference/permissions.md", &wagate_api::permissions_reference());
}

/// Every operation says what it is for, shows what goes in and comes out, and names its errors.
#[test]
fn every_operation_is_documented() {
    let api = serde_json::to_value(wagate_api::openapi()).unwrap();
    let mut ids = HashSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: id taken");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            assert!(operation["tags"].is_array(), "{name} has no tag");
            let open = ["/api/v1/account/", "/.well-known/"].iter().any(|begin| path.starts_with(begin))
                && operation["security"].is_null();
            if (path.starts_with("/api/v1/") && !open) || path == "/metrics" {
                // one's own account takes a person, the rest a person or a key
                let ways = if operation["tags"][0] == "account" { 1 } else { 2 };
                assert_eq!(operation["security"].as_array().map(Vec::len), Some(ways), "{name}");
                assert!(operation["responses"]["401"].is_object(), "{name} does not name 401");
            }
            for body in [&operation["requestBody"]].into_iter().chain(responses(operation)) {
                for kind in ["application/json", "application/problem+json"] {
                    let content = &body["content"][kind];
                    let shown = content["example"].is_object() || content["examples"].is_object();
                    assert!(content.is_null() || shown, "{name}: {kind} without an example");
                }
            }
        }
    }
}

fn responses(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["responses"].as_object().unwrap().values()
}

#[test]
fn the_events_page_and_schema_are_current() {
    check("../docs/reference/events.md", &wagate_views::events::events_reference().unwrap());
    check("../docs/reference/events.schema.json", &wagate_views::events::events_schema().unwrap());
}

/// Examples of errors carry a code of the closed list, and every code of the list that a route of the
/// API can answer with is named by one.
#[test]
fn every_code_is_named_by_some_operation() {
    let api = serde_json::to_value(wagate_api::openapi()).unwrap();
    let text = api["paths"].to_string();
    // these are answered before an operation is found
    let outside = [Code::NotFound, Code::MethodNotAllowed];
    for code in Code::ALL.iter().filter(|code| !outside.contains(code)) {
        assert!(text.contains(&format!("`{}`", code.name())), "{} is named nowhere", code.name());
    }
}

/// Each POST takes an Idempotency-Key, or docs/idempotency.md says why it needs none.
#[test]
fn every_post_can_be_repeated_or_the_page_says_why_not() {
    let page = include_str!("../../docs/idempotency.md");
    let needs_none: HashSet<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `/"))
        .filter_map(|line| line.split(" | ").next())
        .flat_map(|posts| posts.split('`').filter(|part| part.starts_with('/')))
        .collect();
    let api = serde_json::to_value(wagate_api::openapi()).unwrap();
    let mut takes_none = HashSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        let Some(post) = item.get("post") else { continue };
        let parameters = post["parameters"].as_array().into_iter().flatten();
        if !parameters.into_iter().any(|parameter| parameter["name"] == "Idempotency-Key") {
            takes_none.insert(path.strip_prefix("/api/v1").unwrap());
        }
    }
    assert_eq!(takes_none, needs_none);
}
