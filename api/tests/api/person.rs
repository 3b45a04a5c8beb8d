//! Somebody with an account.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::stack::{Answer, Stack, send};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// An account, signed in.
pub(crate) struct Person {
    pub(crate) address: String,
    pub(crate) id: String,
    /// The workspace of their own.
    pub(crate) workspace: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Person {
    /// Registers, follows the link and signs in.
    pub(crate) async fn join(stack: &Stack, name: &str) -> Self {
        let address = format!("{name}@example.com");
        let asked = json!({"address": address, "name": name});
        open(stack, "register", &asked).await.expect(202);
        let token = stack.mails.token(&address, "verify_address");
        let made = open(stack, "verify", &json!({"token": token, "password": PASSWORD})).await.expect(201);
        let workspace = made["workspaces"][0]["workspace"].as_str().expect("a workspace").to_owned();
        let tokens = sign_in(stack, &address, PASSWORD).await.expect(200);
        let id = made["id"].as_str().expect("an id").to_owned();
        Self {
            address,
            id,
            workspace,
            access: text(&tokens, "access_token"),
            refresh: text(&tokens, "refresh_token"),
        }
    }

    /// A request with the access token.
    pub(crate) fn request(&self, stack: &Stack, method: Method, path: &str) -> RequestBuilder {
        stack.bare(method, &format!("/api/v1{path}")).bearer_auth(&self.access)
    }

    pub(crate) async fn get(&self, stack: &Stack, path: &str) -> Answer {
        send(self.request(stack, Method::GET, path)).await
    }

    pub(crate) async fn post(&self, stack: &Stack, path: &str, body: &Value) -> Answer {
        send(self.request(stack, Method::POST, path).json(body)).await
    }

    /// Sets up a second factor; its secret and the recovery codes.
    pub(crate) async fn with_factor(&self, stack: &Stack) -> (String, Vec<String>) {
        let enrolled = self.post(stack, "/account/totp", &json!({"password": PASSWORD})).await.expect(200);
        let secret = text(&enrolled, "secret");
        let code = code(stack, &secret, 0).await;
        let confirmed = self.post(stack, "/account/totp/confirm", &json!({"code": code})).await.expect(200);
        let codes = confirmed["recovery_codes"].as_array().expect("codes");
        (secret, codes.iter().map(|code| code.as_str().expect("a code").to_owned()).collect())
    }
}

/// A request of somebody who is not signed in.
pub(crate) async fn open(stack: &Stack, what: &str, body: &Value) -> Answer {
    send(stack.bare(Method::POST, &format!("/api/v1/account/{what}")).json(body)).await
}

pub(crate) async fn sign_in(stack: &Stack, address: &str, password: &str) -> Answer {
    open(stack, "sign-in", &json!({"address": address, "password": password})).await
}

pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

/// The code that an authenticator we did not write shows, so many seconds from now.
pub(crate) async fn code(stack: &Stack, secret: &str, later: i64) -> String {
    let seconds = stack.env.now().as_millis() / 1000 + later;
    foreign("code.mjs", &[secret, &seconds.to_string()]).await.expect("a code")
}

/// What a script with libraries we did not write prints; `None` when it refuses.
pub(crate) async fn foreign(script: &str, arguments: &[&str]) -> Option<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/people");
    let installed = std::path::Path::new(folder).join("node_modules/jose").exists();
    assert!(installed, "no tests/people/node_modules: run scripts/foreign-clients (make test does)");
    let run = Command::new("node")
        .arg(script)
        .args(arguments)
        .current_dir(folder)
        .output()
        .await
        .expect("node runs");
    run.status.success().then(|| String::from_utf8_lossy(&run.stdout).trim().to_owned())
}
