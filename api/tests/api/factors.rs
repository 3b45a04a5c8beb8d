//! The second factor, with codes of an authenticator that we did not write.

use serde_json::json;

use crate::{
    person::{PASSWORD, Person, code, open, sign_in, text},
    stack::{Answer, Stack},
};

async fn challenged(stack: &Stack, person: &Person) -> String {
    let answer = sign_in(stack, &person.address, PASSWORD).await.expect(200);
    assert_eq!((&answer["second_factor_required"], &answer["access_token"]), (&json!(true), &json!(null)));
    text(&answer, "challenge")
}

async fn finish(stack: &Stack, challenge: &str, code: &str) -> Answer {
    open(stack, "second-factor", &json!({"challenge": challenge, "code": code})).await
}

#[tokio::test]
async fn signing_in_asks_for_a_code_that_is_good_once() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let (secret, recovery) = ayu.with_factor(&stack).await;
    assert_eq!(recovery.len(), 10);
    assert_eq!(stack.mails.to(&ayu.address).last(), Some(&"second_factor_changed"));
    let account = ayu.get(&stack, "/account").await.expect(200);
    assert_eq!((&account["second_factor"], &account["recovery_codes"]), (&json!(true), &json!(10)));

    let challenge = challenged(&stack, &ayu).await;
    finish(&stack, &challenge, "000000").await.problem(403, "wrong_code");
    // the one that confirmed it has been used; a clock that is a step ahead does no harm
    let next = code(&stack, &secret, 30).await;
    finish(&stack, &challenge, &next).await.expect(200);
    finish(&stack, &challenge, &next).await.problem(410, "challenge_gone");
    let challenge = challenged(&stack, &ayu).await;
    finish(&stack, &challenge, &next).await.problem(403, "wrong_code");
    finish(&stack, &challenge, &code(&stack, &secret, -90).await).await.problem(403, "wrong_code");
    finish(&stack, &challenge, &recovery[0].to_uppercase()).await.expect(200);
    let challenge = challenged(&stack, &ayu).await;
    finish(&stack, &challenge, &recovery[0]).await.problem(403, "wrong_code");
    finish(&stack, &challenge, &recovery[1]).await.expect(200);
}

#[tokio::test]
async fn a_factor_counts_once_it_is_confirmed_and_goes_with_both_proofs() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let no_factor = json!({"code": "123456"});
    ayu.post(&stack, "/account/totp/confirm", &no_factor).await.problem(409, "second_factor_missing");
    let wrong = json!({"password": "wrong horse battery"});
    ayu.post(&stack, "/account/totp", &wrong).await.problem(403, "wrong_password");
    ayu.post(&stack, "/account/totp", &json!({"password": PASSWORD})).await.expect(200);
    ayu.post(&stack, "/account/totp/confirm", &json!({"code": "12345"})).await.problem(403, "wrong_code");
    sign_in(&stack, &ayu.address, PASSWORD).await.expect(200)["access_token"]
        .as_str()
        .expect("no code asked");

    let (_, recovery) = ayu.with_factor(&stack).await;
    let again = ayu.post(&stack, "/account/totp", &json!({"password": PASSWORD})).await;
    again.problem(409, "second_factor_exists");
    let both = |code: &str| json!({"password": PASSWORD, "code": code});
    let renewed = ayu.post(&stack, "/account/totp/recovery-codes", &both(&recovery[0])).await.expect(200);
    let fresh = renewed["recovery_codes"][0].as_str().unwrap().to_owned();
    ayu.post(&stack, "/account/totp/remove", &both(&recovery[1])).await.problem(403, "wrong_code");
    ayu.post(&stack, "/account/totp/remove", &both(&fresh)).await.expect(204);
    assert_eq!(ayu.get(&stack, "/account").await.expect(200)["second_factor"], false);
    sign_in(&stack, &ayu.address, PASSWORD).await.expect(200)["access_token"]
        .as_str()
        .expect("no code asked");
}

#[tokio::test]
async fn guessing_codes_gets_slow() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    ayu.with_factor(&stack).await;
    let challenge = challenged(&stack, &ayu).await;
    let mut wrong = 0;
    while finish(&stack, &challenge, "000000").await.status == 403 {
        wrong += 1;
    }
    assert!(wrong >= 5, "{wrong}");
    finish(&stack, &challenge, "000000").await.problem(429, "too_many_attempts");
}

#[tokio::test]
async fn a_new_password_does_not_take_the_second_factor_away() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    ayu.with_factor(&stack).await;
    open(&stack, "password/forgotten", &json!({"address": ayu.address})).await.expect(202);
    let token = stack.mails.token(&ayu.address, "reset_password");
    let reset = json!({"token": token, "password": "staple tower violet"});
    open(&stack, "password/reset", &reset).await.expect(204);
    let answer = sign_in(&stack, &ayu.address, "staple tower violet").await.expect(200);
    assert_eq!(answer["second_factor_required"], true);
}
