//! Sessions: made, listed, started, stopped, logged out, deleted.

use serde_json::json;
use wagate_domain::sessions::{Command, CommandReply};

use crate::stack::Stack;

#[tokio::test]
async fn a_session_is_made_looked_at_and_deleted() {
    let stack = Stack::start().await;
    let made = stack.post("/api/v1/sessions", &json!({"name": "shop", "start": false})).await.expect(201);
    assert_eq!(
        (&made["name"], &made["state"], &made["started"]),
        (&json!("shop"), &json!("created"), &json!(false))
    );
    assert!(made["phone"].is_null());
    let path = format!("/api/v1/sessions/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&path).await.expect(200), made);
    stack.delete(&path).await.expect(204);
    stack.get(&path).await.problem(404, "session_not_found");
    stack.delete(&path).await.problem(404, "session_not_found");
    stack.get("/api/v1/sessions/nonsense").await.problem(404, "session_not_found");
}

#[tokio::test]
async fn a_session_needs_no_body_and_a_fitting_name() {
    let stack = Stack::start().await;
    let made = crate::stack::send(stack.request(reqwest::Method::POST, "/api/v1/sessions")).await.expect(201);
    assert_eq!(made["started"], true);
    for name in ["", "  ", &"x".repeat(101)] {
        let refused = stack.post("/api/v1/sessions", &json!({"name": name})).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], "name");
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let stack = Stack::start().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(stack.session().await.0);
    }
    made.sort();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = stack.get(&format!("/api/v1/sessions?limit=2{cursor}")).await.expect(200);
        let sessions = page["sessions"].as_array().unwrap();
        assert!((1..=2).contains(&sessions.len()), "{page}");
        seen.extend(sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, made);
    for (query, field) in
        [("limit=0", "limit"), ("limit=201", "limit"), ("cursor=x", "cursor"), ("page=2", "page")]
    {
        let refused = stack.get(&format!("/api/v1/sessions?{query}")).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], field, "{query}");
    }
}

#[tokio::test]
async fn starting_and_stopping_reach_the_owner() {
    let stack = Stack::start().await;
    let (id, key) = stack.session().await;
    let stopped = stack.post(&format!("/api/v1/sessions/{id}/stop"), &json!({})).await.expect(202);
    assert_eq!(stopped["started"], false);
    assert_eq!(stack.answer(key, CommandReply::Done).await, Command::Refresh);
    let started = stack.post(&format!("/api/v1/sessions/{id}/start"), &json!({})).await.expect(202);
    assert_eq!(started["started"], true);
    assert!(stack.recorded(key).await.unwrap().wanted);
}

#[tokio::test]
async fn logging_out_is_done_by_the_owner() {
    let stack = Stack::start().await;
    let (id, key) = stack.session().await;
    let path = format!("/api/v1/sessions/{id}/logout");
    stack.post(&path, &json!({})).await.problem(409, "session_not_linked");
    let (id, key2) = stack.linked_session().await;
    assert_ne!(key.id, key2.id);
    let path = format!("/api/v1/sessions/{id}/logout");
    let nothing = json!({});
    let (answer, command) = tokio::join!(stack.post(&path, &nothing), stack.answer(key2, CommandReply::Done));
    assert_eq!(command, Command::Logout);
    answer.expect(202);
    let no = CommandReply::Refused { code: "busy".to_owned(), message: "Not now.".to_owned() };
    let (answer, _) = tokio::join!(stack.post(&path, &nothing), stack.answer(key2, no));
    assert_eq!(answer.problem(409, "session_refused")["detail"], "Not now. (busy)");
}

#[tokio::test]
async fn presence_is_shown_and_watched_by_the_owner() {
    let stack = Stack::start().await;
    let (id, key) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{id}/presence");
    let watch = format!("{path}/subscribe");
    for (path, body, wanted) in [
        (&path, json!({"presence": "available"}), Command::ShowPresence { available: true }),
        (&path, json!({"presence": "unavailable"}), Command::ShowPresence { available: false }),
        (
            &watch,
            json!({"chat": "+62 812-3456-7890"}),
            Command::WatchPresence { chat: "6281234567890@s.whatsapp.net".to_owned() },
        ),
    ] {
        let (answer, command) = tokio::join!(stack.post(path, &body), stack.answer(key, CommandReply::Done));
        answer.expect(204);
        assert_eq!(command, wanted);
    }
    let reply = CommandReply::Refused { code: "not_connected".to_owned(), message: "later".to_owned() };
    let body = json!({"presence": "available"});
    let (answer, _) = tokio::join!(stack.post(&path, &body), stack.answer(key, reply));
    answer.problem(409, "session_refused");
    for (path, body, field) in [
        (&path, json!({"presence": "away"}), "presence"),
        (&watch, json!({"chat": "120363000000000001@g.us"}), "chat"),
        (&watch, json!({"chat": "somebody"}), "chat"),
    ] {
        assert_eq!(stack.post(path, &body).await.problem(422, "validation_failed")["field"], field);
    }
    let (unlinked, _) = stack.session().await;
    let path = format!("/api/v1/sessions/{unlinked}/presence");
    stack.post(&path, &json!({"presence": "available"})).await.problem(409, "session_not_linked");
}
