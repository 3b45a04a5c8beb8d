//! Providers and identities where no provider is named; with one, they are tried in `tests/tests/people`.

use reqwest::Method;
use serde_json::json;

use crate::{
    person::{PASSWORD, Person, open},
    stack::{Stack, send},
};

#[tokio::test]
async fn where_no_provider_is_named_nobody_is_sent_anywhere() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let listed = send(stack.bare(Method::GET, "/api/v1/account/providers")).await.expect(200);
    assert_eq!(listed, json!({"providers": [], "next_cursor": null}));
    let back = json!({"code": "c", "state": "wgt_1", "binding": "wgt_2"});
    open(&stack, "providers/google/sign-in", &json!({})).await.problem(404, "provider_not_found");
    let finish = json!({"back": back});
    open(&stack, "providers/google/sign-in/finish", &finish).await.problem(404, "provider_not_found");
    let link = json!({"password": PASSWORD});
    ayu.post(&stack, "/account/providers/google/link", &link).await.problem(404, "provider_not_found");
    ayu.post(&stack, "/account/providers/google/link/finish", &back).await.problem(404, "provider_not_found");

    for (body, field) in [
        (json!({}), "back"),
        (json!({"back": {"code": "c", "state": "s"}}), "back.binding"),
        (json!({"back": back, "workspace": "mine"}), "workspace"),
        (json!({"back": back, "cookie": true}), "cookie"),
    ] {
        let answer = open(&stack, "providers/google/sign-in/finish", &body).await;
        assert_eq!(answer.problem(422, "validation_failed")["field"], field, "{body}");
    }
}

#[tokio::test]
async fn an_identity_that_is_not_ones_own_is_none() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let listed = ayu.get(&stack, "/account/identities").await.expect(200);
    assert_eq!(listed, json!({"identities": [], "next_cursor": null}));
    for id in ["idn_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "idn_1", "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G"] {
        let request = ayu.request(&stack, Method::DELETE, &format!("/account/identities/{id}"));
        send(request).await.problem(404, "identity_not_found");
    }
}
