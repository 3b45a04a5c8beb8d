//! Coming in by a provider that we did not write.

use jiff::Timestamp;
use serde_json::{Value, json};
use wagate_infra::config::{PeopleConfig, ProviderConfig, Registration};
use wagate_tests::{Answer, Api, Db, Mailbox, OpenIdProvider, Stack, code_shown};

use crate::{PASSWORD, Refused, account, join, sign_in, signed_in, with_second_factor};

/// A stack that people may come into by the provider.
async fn stack(
    provider: &OpenIdProvider,
    registration: Registration,
    change: impl FnOnce(&mut ProviderConfig),
) -> Stack {
    let mut config = provider.config();
    change(&mut config);
    // nobody listens on the port of discarded bytes
    let dead = ProviderConfig {
        id: "dead".to_owned(),
        issuer: "http://127.0.0.1:9".to_owned(),
        ..provider.config()
    };
    let links = Some(provider.links());
    let people =
        PeopleConfig { registration, links, providers: vec![config, dead], ..PeopleConfig::default() };
    Stack::welcoming(Db::Sqlite, people).await
}

async fn open(provider: &OpenIdProvider) -> Stack {
    stack(provider, Registration::Open, |_| {}).await
}

/// The way there and back: what the page has to post.
async fn away(provider: &OpenIdProvider, began: Answer, login: &str) -> Value {
    let began = began.expect(200).json();
    let url = began["authorization_url"].as_str().expect("a URL");
    let came = provider.browse(url, login).await;
    json!({"code": came["code"], "state": came["state"], "iss": came["iss"], "binding": began["binding"]})
}

async fn begin(api: &Api) -> Answer {
    account(&api.with_key(""), "providers/test/sign-in", &json!({})).await
}

async fn finish(api: &Api, back: &Value) -> Answer {
    account(&api.with_key(""), "providers/test/sign-in/finish", &json!({"back": back})).await
}

/// Begins, goes there and comes back.
async fn there_and_back(provider: &OpenIdProvider, api: &Api, login: &str) -> Value {
    away(provider, begin(api).await, login).await
}

/// Signs in by the provider.
async fn enter(provider: &OpenIdProvider, api: &Api, login: &str) -> Answer {
    finish(api, &there_and_back(provider, api, login).await).await
}

async fn begin_link(person: &Api, password: &str) -> Answer {
    account(person, "providers/test/link", &json!({"password": password})).await
}

async fn finish_link(person: &Api, back: &Value) -> Answer {
    account(person, "providers/test/link/finish", back).await
}

async fn me(person: &Api) -> Value {
    person.get("/api/v1/account").await.expect(200).json()
}

/// Nothing of what was refused before has made the account.
async fn made_since(person: &Api, before: Timestamp) {
    let made: Timestamp = me(person).await["created_at"].as_str().expect("a time").parse().expect("a time");
    assert!(made.as_millisecond() >= before.as_millisecond(), "{made} is before {before}");
}

async fn identities(person: &Api) -> Vec<Value> {
    let found = person.get("/api/v1/account/identities").await.expect(200).json();
    found["identities"].as_array().expect("identities").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_comes_in_by_a_provider_and_comes_again() {
    let provider = OpenIdProvider::start().await;
    let mut stack = open(&provider).await;
    let api = stack.api();
    let listed = api.with_key("").get("/api/v1/account/providers").await.expect(200).json();
    assert_eq!(listed["providers"][0], json!({"id": "test", "name": "Test & Söhne"}));

    let first = signed_in(&api, &enter(&provider, &api, "citra").await.expect(200).json());
    let account_made = me(&first).await;
    assert_eq!(account_made["address"], "citra@example.com");
    assert_eq!(account_made["workspaces"][0]["role"], "owner");
    let linked = identities(&first).await;
    assert_eq!((linked.len(), &linked[0]["provider"]), (1, &json!("test")));
    Mailbox::of(&api).has("citra@example.com", &["identity_changed"]).await;

    let back = there_and_back(&provider, &api, "citra").await;
    let body = json!({"back": back, "cookies": true});
    let again = account(&api.with_key(""), "providers/test/sign-in/finish", &body).await.expect(200);
    assert!(
        again.header("set-cookie").starts_with("wagate_refresh=wgt_"),
        "a dashboard's token is in a cookie"
    );
    assert_eq!(again.header("cache-control"), "no-store");
    let tokens = again.json();
    assert_eq!(tokens["refresh_token"], Value::Null);
    assert_eq!(me(&signed_in(&api, &tokens)).await, account_made, "the same account");
    let other = signed_in(&api, &enter(&provider, &api, "dewi").await.expect(200).json());
    Mailbox::of(&api).has("dewi@example.com", &["identity_changed"]).await;
    Mailbox::of(&api).has("citra@example.com", &["identity_changed"]).await;
    assert_ne!(me(&other).await["id"], account_made["id"]);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_tampered_with_lets_nobody_in() {
    let provider = OpenIdProvider::start().await;
    let mut stack = open(&provider).await;
    let api = stack.api();
    for (field, status, code) in [
        ("state", 410, "provider_state_gone"),
        ("binding", 410, "provider_state_gone"),
        ("code", 401, "provider_refused"),
        ("iss", 401, "provider_refused"),
    ] {
        let mut back = there_and_back(&provider, &api, "eve").await;
        back[field] = json!("https://else.example.com");
        finish(&api, &back).await.refused(status, code);
    }
    // another browser's nonce, another verifier's challenge
    for parameter in ["nonce=", "code_challenge="] {
        let began = begin(&api).await.expect(200).json();
        let url = began["authorization_url"].as_str().expect("a URL");
        let (before, rest) = url.split_once(parameter).expect("it is there");
        let tail = rest.split_once('&').map_or("", |(_, tail)| tail);
        let forged = format!("{before}{parameter}E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&{tail}");
        let came = provider.browse(&forged, "eve").await;
        let back = json!({"code": came["code"], "state": came["state"], "iss": came["iss"], "binding": began["binding"]});
        finish(&api, &back).await.refused(401, "provider_refused");
    }
    let back = there_and_back(&provider, &api, "eve").await;
    let elsewhere = account(&api, "providers/dead/sign-in/finish", &json!({"back": back})).await;
    elsewhere.refused(410, "provider_state_gone");
    enter(&provider, &api, "unverified-eve").await.refused(403, "address_unverified");

    let back = there_and_back(&provider, &api, "eve").await;
    let before = Timestamp::now();
    let eve = signed_in(&api, &finish(&api, &back).await.expect(200).json());
    made_since(&eve, before).await;
    finish(&api, &back).await.refused(410, "provider_state_gone");
    account(&api, "providers/nobody/sign-in", &json!({})).await.refused(404, "provider_not_found");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_changes_its_keys_and_goes_away() {
    let mut provider = OpenIdProvider::start().await;
    let mut stack = open(&provider).await;
    let api = stack.api();
    let dead = account(&api, "providers/dead/sign-in", &json!({})).await;
    dead.refused(502, "provider_unavailable");

    let first = signed_in(&api, &enter(&provider, &api, "citra").await.expect(200).json());
    provider.rotate().await;
    let second = signed_in(&api, &enter(&provider, &api, "citra").await.expect(200).json());
    assert_eq!(me(&first).await["id"], me(&second).await["id"], "signed with another key, the same person");

    let back = there_and_back(&provider, &api, "dewi").await;
    provider.silence(true).await;
    finish(&api, &back).await.refused(502, "provider_unavailable");
    provider.silence(false).await;
    finish(&api, &back).await.refused(410, "provider_state_gone");
    let before = Timestamp::now();
    let dewi = signed_in(&api, &enter(&provider, &api, "dewi").await.expect(200).json());
    made_since(&dewi, before).await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_linked_by_its_person_and_by_nobody_else() {
    let provider = OpenIdProvider::start().await;
    let mut stack = open(&provider).await;
    let (api, mails) = (stack.api(), Mailbox::of(&stack.api()));
    let (ayu, budi) = (join(&api, "ayu").await, join(&api, "budi").await);
    enter(&provider, &api, "ayu").await.refused(409, "account_exists");

    begin_link(&ayu, "wrong horse battery").await.refused(403, "wrong_password");
    let back = away(&provider, begin_link(&ayu, PASSWORD).await, "ayu").await;
    finish_link(&budi, &back).await.refused(410, "provider_state_gone");
    let back = away(&provider, begin_link(&ayu, PASSWORD).await, "ayu").await;
    finish(&api, &back).await.refused(410, "provider_state_gone");
    let back = away(&provider, begin_link(&ayu, PASSWORD).await, "ayu").await;
    let linked = finish_link(&ayu, &back).await.expect(200).json();
    assert_eq!(identities(&ayu).await, std::slice::from_ref(&linked));
    mails.has("ayu@example.com", &["verify_address", "identity_changed"]).await;
    let back = away(&provider, begin_link(&budi, PASSWORD).await, "ayu").await;
    finish_link(&budi, &back).await.refused(409, "identity_taken");

    // the second factor is asked for here, too
    let secret = with_second_factor(&ayu).await;
    let asked = enter(&provider, &api, "ayu").await.expect(200).json();
    let proof = json!({"challenge": asked["challenge"], "code": code_shown(&secret, 30).await});
    let entered = account(&api.with_key(""), "second-factor", &proof).await.expect(200).json();
    assert_eq!(me(&signed_in(&api, &entered)).await["id"], me(&ayu).await["id"]);

    let path = format!("/api/v1/account/identities/{}", linked["id"].as_str().expect("an id"));
    budi.delete(&path).await.refused(404, "identity_not_found");
    ayu.delete(&path).await.expect(204);
    enter(&provider, &api, "ayu").await.refused(409, "account_exists");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_in_stays_and_mail_is_stronger_than_any_provider() {
    let provider = OpenIdProvider::start().await;
    let mut stack = open(&provider).await;
    let (api, mails) = (stack.api(), Mailbox::of(&stack.api()));
    let citra = signed_in(&api, &enter(&provider, &api, "citra").await.expect(200).json());
    let linked = identities(&citra).await;
    let path = format!("/api/v1/account/identities/{}", linked[0]["id"].as_str().expect("an id"));
    citra.delete(&path).await.refused(409, "last_way_in");
    begin_link(&citra, PASSWORD).await.refused(403, "wrong_password");
    sign_in(&api, "citra").await.refused(401, "wrong_credentials");

    // whoever reads the mail of the address takes the account, and whatever led into it is gone
    let open = api.with_key("");
    account(&open, "password/forgotten", &json!({"address": "citra@example.com"})).await.expect(202);
    let token = mails.token("citra@example.com", "reset_password").await;
    account(&open, "password/reset", &json!({"token": token, "password": PASSWORD})).await.expect(204);
    enter(&provider, &api, "citra").await.refused(409, "account_exists");
    let citra = signed_in(&api, &sign_in(&api, "citra").await.expect(200).json());
    assert_eq!(identities(&citra).await, [Value::Null; 0]);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_trusted_with_addresses_opens_the_account_of_one() {
    let provider = OpenIdProvider::start().await;
    let mut stack = stack(&provider, Registration::Open, |config| config.trusts_addresses = true).await;
    let api = stack.api();
    let ayu = join(&api, "ayu").await;
    let by_provider = signed_in(&api, &enter(&provider, &api, "ayu").await.expect(200).json());
    assert_eq!(me(&by_provider).await["id"], me(&ayu).await["id"]);
    Mailbox::of(&api).has("ayu@example.com", &["verify_address", "identity_changed"]).await;
    join(&api, "unverified-budi").await;
    enter(&provider, &api, "unverified-budi").await.refused(403, "address_unverified");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_is_for_whoever_may_have_one() {
    let provider = OpenIdProvider::start().await;
    let mut invited = stack(&provider, Registration::Invited, |_| {}).await;
    let api = invited.api();
    enter(&provider, &api, "eko").await.refused(403, "registration_closed");
    let wish = json!({"address": "eko@example.com", "role": "agent"});
    api.post("/api/v1/members/invitations", &wish).await.expect(201);
    let eko = signed_in(&api, &enter(&provider, &api, "eko").await.expect(200).json());
    assert_eq!(me(&eko).await["workspaces"], json!([]), "the invitation is still to be accepted");
    let token = Mailbox::of(&api).token("eko@example.com", "invitation").await;
    account(&api.with_key(""), "invitations/accept", &json!({"token": token})).await.expect(200);
    assert_eq!(me(&eko).await["workspaces"][0]["role"], "agent");
    invited.stop().await;

    let mut closed = stack(&provider, Registration::Closed, |_| {}).await;
    let api = closed.api();
    api.post("/api/v1/members/invitations", &wish).await.expect(201);
    enter(&provider, &api, "eko").await.refused(403, "registration_closed");
    closed.stop().await;
}
