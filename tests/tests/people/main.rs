//! People through the whole stack: from the first mail to being removed, and coming in by a provider.

mod providers;
mod story;

use serde_json::{Value, json};
use wagate_tests::{Answer, Api, Mailbox};

const PASSWORD: &str = "correct horse battery";

/// A request about one's account.
async fn account(api: &Api, what: &str, body: &Value) -> Answer {
    api.post(&format!("/api/v1/account/{what}"), body).await
}

/// Registers, follows the link and signs in; the API as this person.
async fn join(api: &Api, name: &str) -> Api {
    let (open, address) = (api.with_key(""), format!("{name}@example.com"));
    account(&open, "register", &json!({"address": address, "name": name})).await.expect(202);
    let token = Mailbox::of(api).token(&address, "verify_address").await;
    account(&open, "verify", &json!({"token": token, "password": PASSWORD})).await.expect(201);
    signed_in(api, &sign_in(api, name).await.expect(200).json())
}

async fn sign_in(api: &Api, name: &str) -> Answer {
    let address = format!("{name}@example.com");
    account(&api.with_key(""), "sign-in", &json!({"address": address, "password": PASSWORD})).await
}

/// The API with the tokens of an answer.
fn signed_in(api: &Api, tokens: &Value) -> Api {
    api.with_key(tokens["access_token"].as_str().unwrap_or_else(|| panic!("no token in {tokens}")))
}

/// Sets up a second factor; its secret.
async fn with_second_factor(person: &Api) -> String {
    let made = account(person, "totp", &json!({"password": PASSWORD})).await.expect(200).json();
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    let code = wagate_tests::code_shown(&secret, 0).await;
    account(person, "totp/confirm", &json!({"code": code})).await.expect(200);
    secret
}

/// A refusal with this status and code.
trait Refused {
    fn refused(self, status: u16, code: &str);
}

impl Refused for Answer {
    fn refused(self, status: u16, code: &str) {
        let problem = self.expect(status).json();
        assert_eq!(problem["code"], code, "{problem}");
    }
}
