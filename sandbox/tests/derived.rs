//! What is derived from the code and committed says what the code says.

/// Written instead of compared when `UPDATE` is set.
#[test]
fn the_control_apis_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let derived = wagate_sandbox::openapi_json().expect("JSON");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &derived).expect("written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == derived, "{path} is not what the code says: run `make derive`");
}
