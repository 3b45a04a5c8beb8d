//! Coming in, staying in, and going out.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::auth::{Permission, Permissions};
use wagate_infra::testing::eventually;

use crate::{
    person::{PASSWORD, Person, foreign, open, sign_in, text},
    stack::{Answer, Stack, send},
};

/// Sign-ins end within a second elsewhere; here a test waits for it, however slow the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

async fn refresh(stack: &Stack, token: &str) -> Answer {
    open(stack, "refresh", &json!({"refresh_token": token})).await
}

async fn is_void(stack: &Stack, access: &str) {
    let refused = || async {
        let answer = send(stack.bare(Method::GET, "/api/v1/account").bearer_auth(access)).await;
        (answer.status == 401).then_some(())
    };
    eventually(PATIENCE, "the access token is void", refused).await;
}

#[tokio::test]
async fn somebody_registers_proves_the_address_and_signs_in() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    assert_eq!(stack.mails.to(&ayu.address), ["verify_address"]);
    let account = ayu.get(&stack, "/account").await.expect(200);
    assert_eq!((&account["address"], &account["operator"]), (&json!(ayu.address), &json!(false)));
    assert_eq!(account["workspaces"][0]["role"], "owner");
    assert!(!account.to_string().contains("argon2"));

    let token = stack.mails.token(&ayu.address, "verify_address");
    let again = json!({"token": token, "password": PASSWORD});
    open(&stack, "verify", &again).await.problem(410, "link_gone");
    for (body, field) in [
        (json!({"address": "ayu", "name": "Ayu"}), "address"),
        (json!({"address": "a@example.com", "name": ""}), "name"),
        (json!({"address": "a@example.com", "name": "A", "password": "x"}), "password"),
    ] {
        let problem = open(&stack, "register", &body).await.problem(422, "validation_failed");
        assert_eq!(problem["field"], field);
    }
    open(&stack, "register", &json!({"address": "budi@example.com", "name": "Budi"})).await.expect(202);
    let token = stack.mails.token("budi@example.com", "verify_address");
    for weak in ["short", "budi@example.com", "password123"] {
        let answer = open(&stack, "verify", &json!({"token": token, "password": weak})).await;
        assert_eq!(answer.problem(422, "validation_failed")["field"], "password");
    }
    open(&stack, "verify", &json!({"token": token, "password": PASSWORD})).await.expect(201);
}

#[tokio::test]
async fn nobody_learns_whether_an_address_has_an_account() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let nobody = "nobody@example.com";
    let alike = |one: &Answer, other: &Answer| {
        let said = |answer: &Answer| {
            let mut body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
            if let Some(body) = body.as_object_mut() {
                body.remove("request_id");
            }
            (answer.status, body)
        };
        assert_eq!(said(one), said(other));
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(one), names(other));
    };
    let wrong = "wrong horse battery";
    let (known, unknown) = (sign_in(&stack, &ayu.address, wrong).await, sign_in(&stack, nobody, wrong).await);
    known.problem(401, "wrong_credentials");
    alike(&known, &unknown);

    let register =
        async |address: &str| open(&stack, "register", &json!({"address": address, "name": "A"})).await;
    alike(&register(&ayu.address).await, &register(nobody).await);
    assert_eq!(stack.mails.to(&ayu.address), ["verify_address", "already_registered"]);

    let forgot = async |address: &str| open(&stack, "password/forgotten", &json!({"address": address})).await;
    alike(&forgot(&ayu.address).await, &forgot("none@example.com").await);
    assert!(stack.mails.to("none@example.com").is_empty());
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_sign_in() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let second = refresh(&stack, &ayu.refresh).await.expect(200);
    // an answer that got lost is given again: the same token, not another one
    let again = refresh(&stack, &ayu.refresh).await.expect(200);
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    let third = refresh(&stack, &text(&second, "refresh_token")).await.expect(200);
    let elsewhere = sign_in(&stack, &ayu.address, PASSWORD).await.expect(200);

    refresh(&stack, &ayu.refresh).await.problem(401, "refresh_token_reused");
    refresh(&stack, &text(&third, "refresh_token")).await.problem(401, "refresh_token_invalid");
    for access in [&ayu.access, &text(&third, "access_token")] {
        is_void(&stack, access).await;
    }
    assert_eq!(stack.mails.to(&ayu.address).last(), Some(&"sign_in_revoked"));
    refresh(&stack, &text(&elsewhere, "refresh_token")).await.expect(200);
    refresh(&stack, "wgt_0").await.problem(401, "refresh_token_invalid");
}

#[tokio::test]
async fn two_tabs_at_the_same_moment_stay_signed_in() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let tabs = (0..4).map(|_| refresh(&stack, &ayu.refresh));
    let answers = futures::future::join_all(tabs).await;
    let tokens: std::collections::HashSet<String> =
        answers.iter().map(|answer| text(&answer.expect(200), "refresh_token")).collect();
    assert_eq!(tokens.len(), 1, "one successor");
    refresh(&stack, tokens.iter().next().unwrap()).await.expect(200);
}

#[tokio::test]
async fn signing_out_ends_one_sign_in_or_all() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let budi = Person::join(&stack, "budi").await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(sign_in(&stack, &ayu.address, PASSWORD).await.expect(200));
    }
    let listed = ayu.get(&stack, "/account/sign-ins").await.expect(200);
    let listed = listed["sign_ins"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 4);
    assert_eq!(listed.iter().filter(|one| one["current"] == true).count(), 1);

    let ended = text(&tokens[0], "sign_in");
    let path = format!("/account/sign-ins/{ended}");
    send(budi.request(&stack, Method::DELETE, &path)).await.problem(404, "sign_in_not_found");
    send(ayu.request(&stack, Method::DELETE, &path)).await.expect(204);
    is_void(&stack, &text(&tokens[0], "access_token")).await;
    refresh(&stack, &text(&tokens[0], "refresh_token")).await.problem(401, "refresh_token_invalid");

    let second = stack.bare(Method::POST, "/api/v1/account/sign-out");
    send(second.bearer_auth(text(&tokens[1], "access_token"))).await.expect(204);
    is_void(&stack, &text(&tokens[1], "access_token")).await;

    ayu.post(&stack, "/account/sign-out-everywhere", &json!({})).await.expect(204);
    is_void(&stack, &ayu.access).await;
    is_void(&stack, &text(&tokens[2], "access_token")).await;
    refresh(&stack, &ayu.refresh).await.problem(401, "refresh_token_invalid");
    budi.get(&stack, "/account").await.expect(200);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_everybody_is_out() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    open(&stack, "password/forgotten", &json!({"address": ayu.address})).await.expect(202);
    let token = stack.mails.token(&ayu.address, "reset_password");
    let reset = json!({"token": token, "password": "staple tower violet"});
    open(&stack, "password/reset", &json!({"token": token, "password": "short"}))
        .await
        .problem(422, "validation_failed");
    open(&stack, "password/reset", &reset).await.expect(204);
    open(&stack, "password/reset", &reset).await.problem(410, "link_gone");
    is_void(&stack, &ayu.access).await;
    refresh(&stack, &ayu.refresh).await.problem(401, "refresh_token_invalid");
    sign_in(&stack, &ayu.address, PASSWORD).await.problem(401, "wrong_credentials");
    sign_in(&stack, &ayu.address, "staple tower violet").await.expect(200);
    assert_eq!(stack.mails.to(&ayu.address).last(), Some(&"password_changed"));
}

#[tokio::test]
async fn who_knows_the_password_changes_it_and_stays() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let other = sign_in(&stack, &ayu.address, PASSWORD).await.expect(200);
    let change = |old: &str, new: &str| json!({"password": old, "new_password": new});
    let wrong = change("wrong horse battery", "staple tower violet");
    ayu.post(&stack, "/account/password", &wrong).await.problem(403, "wrong_password");
    let weak = ayu.post(&stack, "/account/password", &change(PASSWORD, "password123")).await;
    assert_eq!(weak.problem(422, "validation_failed")["field"], "new_password");
    ayu.post(&stack, "/account/password", &change(PASSWORD, "staple tower violet")).await.expect(204);
    ayu.get(&stack, "/account").await.expect(200);
    refresh(&stack, &ayu.refresh).await.expect(200);
    is_void(&stack, &text(&other, "access_token")).await;
    sign_in(&stack, &ayu.address, "staple tower violet").await.expect(200);

    // it concerns no workspace; whoever runs the gateway reads of it
    let operator = stack.scoped(Permissions::of(&[Permission::Operate])).await;
    let log = send(stack.bare(Method::GET, "/api/v1/operator/audit").bearer_auth(operator)).await.expect(200);
    let account = ayu.get(&stack, "/account").await.expect(200);
    let told: Vec<_> =
        log["entries"].as_array().unwrap().iter().map(|entry| (&entry["action"], &entry["actor"])).collect();
    let [came_in, changed, refused] =
        ["account.signed_in", "account.password_changed", "access.refused"].map(|action| json!(action));
    let by_ayu = [&came_in, &changed, &refused, &came_in, &came_in].map(|action| (action, &account["id"]));
    assert_eq!(told, by_ayu, "{log}");
}

#[tokio::test]
async fn guessing_gets_slow() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    for what in [ayu.address.as_str(), "nobody@example.com"] {
        let mut wrong = 0;
        let told = loop {
            let answer = sign_in(&stack, what, "wrong horse battery").await;
            if answer.status == 429 {
                break answer;
            }
            answer.problem(401, "wrong_credentials");
            wrong += 1;
        };
        assert!(wrong >= 5, "{what}: {wrong}");
        told.problem(429, "too_many_attempts");
        let seconds: u32 = told.header("retry-after").unwrap().parse().unwrap();
        assert!(seconds >= 1);
    }
    let mut sent = 0;
    while open(&stack, "password/forgotten", &json!({"address": ayu.address})).await.status == 202 {
        sent += 1;
    }
    assert_eq!(sent, 2, "registering was the first");
    // it ends by itself: nobody is locked out
    let goes = || async { (sign_in(&stack, &ayu.address, PASSWORD).await.status == 200).then_some(()) };
    eventually(PATIENCE, "the pause is over", goes).await;
}

#[tokio::test]
async fn dashboards_keep_the_refresh_token_where_no_script_reads_it() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let body = json!({"address": ayu.address, "password": PASSWORD, "cookies": true});
    let entered = open(&stack, "sign-in", &body).await;
    assert_eq!(entered.expect(200)["refresh_token"], Value::Null);
    let cookie = entered.header("set-cookie").unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/account", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap().to_owned();
    let send_it = async |header: Option<(&str, &str)>| {
        let request = stack.bare(Method::POST, "/api/v1/account/refresh").header("cookie", &pair);
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        send(request).await
    };
    send_it(None).await.problem(403, "cross_site");
    send_it(Some(("origin", "https://evil.example.com"))).await.problem(403, "cross_site");
    send_it(Some(("sec-fetch-site", "cross-site"))).await.problem(403, "cross_site");
    let again = send_it(Some(("origin", &stack.url("")))).await;
    assert_eq!(again.expect(200)["refresh_token"], Value::Null);
    assert!(again.header("set-cookie").unwrap().starts_with("wagate_refresh=wgt_"));
    let none = send(stack.bare(Method::POST, "/api/v1/account/refresh")).await;
    none.problem(401, "refresh_token_invalid");

    let access = text(&again.json(), "access_token");
    let out = send(stack.bare(Method::POST, "/api/v1/account/sign-out").bearer_auth(access)).await;
    out.expect(204);
    assert!(out.header("set-cookie").unwrap().starts_with("wagate_refresh=; "), "taken away");
}

#[tokio::test]
async fn a_library_of_others_takes_our_tokens_by_our_keys() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let keys = stack.url("/.well-known/jwks.json");
    let issuer = stack.url("");
    let claims: Value = serde_json::from_str(
        &foreign("verify_token.mjs", &[&keys, &issuer, &ayu.access]).await.expect("verified"),
    )
    .unwrap();
    assert_eq!(claims["sub"], ayu.id);
    let jwks = send(stack.bare(Method::GET, "/.well-known/jwks.json")).await.expect(200);
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    assert!(jwks["keys"][0]["d"].is_null(), "the private part stays here");
    let (head, signature) = ayu.access.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    assert_eq!(foreign("verify_token.mjs", &[&keys, &issuer, &forged]).await, None);
    assert_eq!(foreign("verify_token.mjs", &[&keys, "https://other.example.com", &ayu.access]).await, None);
    send(stack.bare(Method::GET, "/api/v1/account").bearer_auth(forged))
        .await
        .problem(401, "unauthenticated");
}
