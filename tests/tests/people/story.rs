//! One story: somebody makes an account, and somebody else becomes a member and is one no more.

use serde_json::{Value, json};
use wagate_infra::config::{PeopleConfig, Registration};
use wagate_tests::{Api, Db, Mailbox, Stack, code_shown, eventually};

use crate::{PASSWORD, Refused, account, join, sign_in, signed_in, with_second_factor};

/// Waits until a session may be made, or may not any more.
async fn may_make_sessions(person: &Api, status: u16) {
    eventually(&format!("making a session answers {status}"), || async {
        let answer = person.post("/api/v1/sessions", &json!({})).await;
        (answer.status == status).then_some(())
    })
    .await;
}

/// Who belongs to the workspace, with their roles.
async fn members(person: &Api) -> Vec<(String, String)> {
    let found = person.get("/api/v1/members").await.expect(200).json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let members = found["members"].as_array().expect("members");
    members.iter().map(|one| (text(&one["address"]), text(&one["role"]))).collect()
}

/// Signs in with password and code.
async fn sign_in_with_code(api: &Api, name: &str, secret: &str) -> Api {
    let asked = sign_in(api, name).await.expect(200).json();
    assert_eq!(asked["second_factor_required"], true, "{asked}");
    let open = api.with_key("");
    let wrong = json!({"challenge": asked["challenge"], "code": "000000"});
    account(&open, "second-factor", &wrong).await.refused(403, "wrong_code");
    // the code of now has confirmed the factor, and is good once
    let proof = json!({"challenge": asked["challenge"], "code": code_shown(secret, 30).await});
    signed_in(api, &account(&open, "second-factor", &proof).await.expect(200).json())
}

async fn from_the_first_mail_to_being_removed(db: Db) {
    let people = PeopleConfig { registration: Registration::Open, ..PeopleConfig::default() };
    let mut stack = Stack::welcoming(db, people).await;
    let (api, mails) = (stack.api(), Mailbox::of(&stack.api()));

    // registered, verified, signed in, with a second factor
    let ayu = join(&api, "ayu").await;
    let secret = with_second_factor(&ayu).await;
    let ayu = sign_in_with_code(&api, "ayu", &secret).await;
    mails.has("ayu@example.com", &["verify_address", "second_factor_changed"]).await;
    let shown = ayu.get("/api/v1/account").await.expect(200).json();
    assert_eq!((&shown["second_factor"], &shown["workspaces"][0]["role"]), (&json!(true), &json!("owner")));

    // somebody else is invited, and comes
    let wish = json!({"address": "budi@example.com", "role": "operator"});
    ayu.post("/api/v1/members/invitations", &wish).await.expect(201);
    let token = mails.token("budi@example.com", "invitation").await;
    let accept = json!({"token": token, "name": "Budi", "password": PASSWORD});
    let joined = account(&api.with_key(""), "invitations/accept", &accept).await.expect(200).json();
    let budi = signed_in(&api, &sign_in(&api, "budi").await.expect(200).json());
    let both = [("ayu@example.com", "owner"), ("budi@example.com", "operator")];
    assert_eq!(members(&budi).await, both.map(|(address, role)| (address.to_owned(), role.to_owned())));
    may_make_sessions(&budi, 201).await;
    account(&api.with_key(""), "invitations/accept", &accept).await.refused(410, "link_gone");

    // their role changes, and at last they are no member any more
    let member = format!("/api/v1/members/{}", joined["user"].as_str().expect("an id"));
    budi.patch(&member, &json!({"role": "owner"})).await.refused(403, "permission_missing");
    ayu.patch(&member, &json!({"role": "viewer"})).await.expect(200);
    may_make_sessions(&budi, 403).await;
    assert_eq!(members(&budi).await.len(), 2, "a viewer sees");
    ayu.delete(&member).await.expect(204);
    eventually("nothing is shown any more", || async {
        let answer = budi.get("/api/v1/members").await;
        (answer.status == 403).then_some(())
    })
    .await;
    assert_eq!(members(&ayu).await.len(), 1);
    let left = budi.get("/api/v1/account").await.expect(200).json();
    assert_eq!(left["workspaces"], json!([]), "the account stays");

    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_mail_to_being_removed_on_sqlite() {
    from_the_first_mail_to_being_removed(Db::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_mail_to_being_removed_on_postgresql() {
    from_the_first_mail_to_being_removed(Db::Postgres).await;
}
