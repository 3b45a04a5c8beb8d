//! Searching messages.

use serde_json::json;

use crate::{
    reading::{AYU, BUDI, GROUP, as_stranger, bodies, moment, says},
    stack::Stack,
};

#[tokio::test]
async fn search_finds_words_whatever_is_typed() {
    let stack = Stack::start().await;
    let ((session, key), (other, second)) = (stack.session().await, stack.session().await);
    says(&stack, key, AYU, "Meeting im Café am Freitag", moment(1)).await;
    says(&stack, key, GROUP, "cafe again? 🎉", moment(2)).await;
    says(&stack, second, BUDI, "السلام عليكم café", moment(3)).await;
    let search = async |pairs: &[(&str, &str)]| {
        let query: String = form(pairs);
        stack.get(&format!("/api/v1/messages/search?{query}")).await
    };
    let (first, again, peace) = ("Meeting im Café am Freitag", "cafe again? 🎉", "السلام عليكم café");
    for (pairs, expected) in [
        (vec![("q", "CAFÉ")], vec![peace, again, first]),
        (vec![("q", "cafe freitag")], vec![first]),
        (vec![("q", "\"im cafe\"")], vec![first]),
        (vec![("q", "\"cafe im\"")], vec![]),
        (vec![("q", "السلام")], vec![peace]),
        (vec![("q", "🎉")], vec![again]),
        (vec![("q", "cafe"), ("session", &session)], vec![again, first]),
        (vec![("q", "cafe"), ("chat", GROUP)], vec![again]),
        (vec![("q", "cafe"), ("chat", AYU), ("session", &other)], vec![]),
        (vec![("q", "cafe"), ("from", "2026-01-01T00:00:00.002Z")], vec![peace, again]),
        (vec![("q", "cafe"), ("to", "2026-01-01T00:00:00.002Z")], vec![first]),
        (vec![("q", "cafe"), ("type", "text")], vec![peace, again, first]),
        (vec![("q", "cafe"), ("type", "image")], vec![]),
    ] {
        assert_eq!(bodies(&search(&pairs).await.expect(200)), expected, "{pairs:?}");
    }
    for hostile in [
        "NEAR(",
        "'); DROP TABLE messages; --",
        "a*",
        "words:x OR",
        "caf\u{0}e",
        "-cafe AND NOT",
        "\"cafe",
        "\\x",
    ] {
        let found = search(&[("q", hostile)]).await.expect(200);
        assert!(found["messages"].is_array(), "{hostile}");
    }
    for (pairs, field) in [
        (vec![], "q"),
        (vec![("q", "")], "q"),
        (vec![("q", "\"")], "q"),
        (vec![("q", "*")], "q"),
        (vec![("q", &*"x".repeat(257))], "q"),
        (vec![("q", "x"), ("type", "song")], "type"),
        (vec![("q", "x"), ("from", "yesterday")], "from"),
        (vec![("q", "x"), ("to", "2026-13-01")], "to"),
        (vec![("q", "x"), ("limit", "0")], "limit"),
    ] {
        assert_eq!(search(&pairs).await.problem(422, "validation_failed")["field"], field, "{pairs:?}");
    }
    let page = search(&[("q", "cafe"), ("limit", "2")]).await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = search(&[("q", "cafe"), ("limit", "2"), ("cursor", cursor)]).await.expect(200);
    assert_eq!(bodies(&rest), [first]);
    assert_eq!(
        as_stranger(&stack, "/api/v1/messages/search?q=cafe").await.expect(200)["messages"],
        json!([])
    );
}

fn form(pairs: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://x/", pairs).unwrap();
    url.query().unwrap_or_default().to_owned()
}
