//! Who is kept out of what. Each operation of the OpenAPI document has a row that says so; one without a row, or a row
//! without an operation, fails.

mod table;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use wagate_domain::{
    SessionId, Timestamp,
    auth::{Networks, OldSecret, Permission, Permissions, Role},
    media::{Media, MediaState},
    ports::MediaIndex,
};

use self::table::{
    ACCOUNT,
    Is::{self, LetIn, Missing, Refused},
    TABLE,
};
use crate::{
    person::{PASSWORD, Person, open, sign_in, text},
    reading::says,
    stack::{Answer, Stack, send},
};

/// One operation of the document, with its row.
struct Operation {
    name: String,
    method: Method,
    path: String,
    body: Option<Value>,
    permission: Option<Permission>,
    stranger: Is,
    limited: Is,
}

/// The example of a JSON body.
fn example(operation: &Value) -> Option<Value> {
    let content = &operation["requestBody"]["content"]["application/json"];
    let named = || content["examples"].as_object().and_then(|all| all.values().next()?.get("value"));
    content.get("example").or_else(named).cloned()
}

async fn operations(stack: &Stack) -> Vec<Operation> {
    let document = send(stack.bare(Method::GET, "/api/openapi.json")).await.expect(200);
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["tags"][0] == "account" {
                continue;
            }
            let name = operation["operationId"].as_str().unwrap();
            let row = TABLE.iter().find(|row| row.0 == name);
            let (_, permission, stranger, limited) = row.unwrap_or_else(|| panic!("{name} has no row"));
            let permission = (!permission.is_empty()).then(|| permission.parse().unwrap());
            let said = operation["security"][0]["bearer"][0].as_str();
            assert_eq!(said, permission.map(Permission::name), "what the document says of {name}");
            found.push(Operation {
                name: name.to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                body: example(operation),
                permission,
                stranger: *stranger,
                limited: *limited,
            });
        }
    }
    assert_eq!(found.len(), TABLE.len(), "a row without an operation");
    found
}

impl Operation {
    fn request(&self, stack: &Stack, path: &str, key: &str) -> RequestBuilder {
        let request = stack.bare(self.method.clone(), path).bearer_auth(key);
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// The status of a request that names nothing there is and says nothing: the gate decides before either matters.
    async fn status(&self, stack: &Stack, key: &str) -> (u16, String) {
        let path = self.path.replace(['{', '}'], "");
        let response = stack.bare(self.method.clone(), &path).bearer_auth(key).send().await.unwrap();
        let status = response.status().as_u16();
        // a stream that is let in has no end
        let code = match status {
            401 | 403 => response.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned(),
            _ => String::new(),
        };
        (status, code)
    }
}

#[tokio::test]
async fn keys_that_do_not_open_are_refused_everywhere() {
    let stack = Stack::start().await;
    let past = Timestamp::from_millis(1);
    let revoked = stack.key_with(|key| key.revoked_at = Some(past)).await;
    let expired = stack.key_with(|key| key.expires_at = Some(past)).await;
    let elsewhere = stack
        .key_with(|key| key.addresses = Networks::read("", ["192.0.2.0/24", "2001:db8::/32"]).unwrap())
        .await;
    let replaced = stack
        .key_with(|key| {
            let hash = std::mem::replace(&mut key.hash, "another".to_owned());
            key.before = Some(OldSecret { hash, until: past });
        })
        .await;
    for operation in operations(&stack).await {
        if operation.permission.is_none() {
            continue;
        }
        for (secret, status, code) in [
            ("wg_0", 401, "unauthenticated"),
            ("", 401, "unauthenticated"),
            (&revoked, 401, "unauthenticated"),
            (&expired, 401, "unauthenticated"),
            (&replaced, 401, "unauthenticated"),
            (&elsewhere, 403, "address_not_allowed"),
        ] {
            let met = operation.status(&stack, secret).await;
            assert_eq!(met, (status, code.to_owned()), "{} with {secret}", operation.name);
        }
    }
}

#[tokio::test]
async fn every_operation_takes_its_permission_and_no_other() {
    let stack = Stack::start().await;
    let everything = Permissions::WORKSPACE.and(Permissions::of(&[Permission::Operate]));
    for operation in operations(&stack).await {
        let Some(permission) = operation.permission else { continue };
        let needed = Permissions::of(&[permission]);
        let without = stack.scoped(everything.without(needed)).await;
        let refused = (403, "permission_missing".to_owned());
        assert_eq!(operation.status(&stack, &without).await, refused, "{} without", operation.name);
        let with = stack.scoped(needed).await;
        let (status, _) = operation.status(&stack, &with).await;
        assert!(!matches!(status, 401 | 403 | 405), "{} with its permission: {status}", operation.name);
    }
}

#[tokio::test]
async fn an_account_opens_to_its_person_alone() {
    let stack = Stack::start().await;
    let document = send(stack.bare(Method::GET, "/api/openapi.json")).await.expect(200);
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["tags"][0] != "account" {
                continue;
            }
            let name = operation["operationId"].as_str().unwrap();
            let (_, person) =
                ACCOUNT.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("{name} has no row"));
            let method: Method = method.to_uppercase().parse().unwrap();
            let ask = |credential: &str| {
                let request =
                    stack.bare(method.clone(), &path.replace(['{', '}'], "")).bearer_auth(credential);
                async move { request.send().await.unwrap().json::<Value>().await.unwrap()["code"].clone() }
            };
            for credential in ["", "wg_0", "a.b.c", &stack.key] {
                let refused = ask(credential).await == "unauthenticated";
                assert_eq!(refused, *person, "{name} with {credential}");
            }
            assert_eq!(operation["security"].is_array(), *person, "what the document says of {name}");
            tried += 1;
        }
    }
    assert_eq!(tried, ACCOUNT.len(), "a row without an operation");
}

#[tokio::test]
async fn every_role_is_let_in_where_the_table_says() {
    let stack = Stack::start().await;
    let operations = operations(&stack).await;
    let owner = Person::join(&stack, "owner").await;
    for role in Role::ALL {
        let key = stack.scoped(role.may()).await;
        let member =
            if role == Role::Owner { owner.access.clone() } else { member(&stack, &owner, role).await };
        for operation in &operations {
            let Some(permission) = operation.permission else { continue };
            for secret in [&key, &member] {
                let (status, _) = operation.status(&stack, secret).await;
                let let_in = !matches!(status, 401 | 403);
                assert_eq!(let_in, role.may().has(permission), "{} as {}", operation.name, role.name());
            }
        }
    }
}

/// The access token of somebody who was invited into the owner's workspace and belongs to no other.
async fn member(stack: &Stack, owner: &Person, role: Role) -> String {
    let address = format!("{}@example.com", role.name());
    let wish = json!({"address": address, "role": role.name()});
    owner.post(stack, "/members/invitations", &wish).await.expect(201);
    let token = stack.mails.token(&address, "invitation");
    let accept = json!({"token": token, "name": role.name(), "password": PASSWORD});
    open(stack, "invitations/accept", &accept).await.expect(200);
    text(&sign_in(stack, &address, PASSWORD).await.expect(200), "access_token")
}

/// Ids of ours, by what stands in paths.
struct Ours {
    session: String,
    chat: String,
    message: String,
    contact: String,
    media: String,
    event: String,
    webhook: String,
    delivery: String,
    key: String,
    member: String,
    invitation: String,
    export: String,
}

impl Ours {
    async fn make(stack: &Stack) -> Self {
        let (session, session_key) = stack.linked_session().await;
        let at = stack.env.now();
        let message = says(stack, session_key, "6281234567890", "only ours", at).await;
        let ours = |answer: Answer, status| {
            let body = answer.expect(status);
            body["id"].as_str().unwrap().to_owned()
        };
        let media = Media {
            id: stack.env.new_id(),
            workspace: session_key.workspace,
            session: Some(session_key.id),
            message: Some(message.id),
            staged_with: None,
            state: MediaState::Ready,
            mime: "image/png".to_owned(),
            size: 3,
            sha256: None,
            file_name: None,
            locator: None,
            created_at: at,
        };
        MediaIndex::insert(&stack.sql, &media).await.unwrap();
        let webhook = json!({"url": "https://example.com/ours"});
        let webhook = ours(stack.post("/api/v1/webhooks", &webhook).await, 201);
        let invite = async |address: &str| {
            let wish = json!({"address": address, "role": "agent"});
            ours(stack.post("/api/v1/members/invitations", &wish).await, 201)
        };
        let member = Person::join(stack, "ours").await;
        invite(&member.address).await;
        let token = stack.mails.token(&member.address, "invitation");
        open(stack, "invitations/accept", &json!({"token": token})).await.expect(200);
        let first = |body: Value, list: &str| body[list][0]["id"].as_str().unwrap().to_owned();
        let contact = first(stack.get("/api/v1/contacts").await.expect(200), "contacts");
        let event = first(stack.get("/api/v1/events?type=message.received").await.expect(200), "events");
        Self {
            chat: "6281234567890".to_owned(),
            message: message.id.to_string(),
            contact,
            media: media.id.to_string(),
            event,
            delivery: "dlv_01JZZZ6E5R4Q3P2N1M0K9J8H7G".to_owned(),
            webhook,
            key: ours(stack.post("/api/v1/keys", &json!({"name": "ours"})).await, 201),
            member: member.id,
            invitation: invite("invited@example.com").await,
            export: ours(stack.post("/api/v1/exports", &json!({})).await, 202),
            session,
        }
    }

    /// A path that names what is ours.
    fn path(&self, template: &str) -> String {
        let resource = template.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next());
        let id = match resource.unwrap_or_default() {
            "messages" => &self.message,
            "contacts" => &self.contact,
            "media" => &self.media,
            "events" => &self.event,
            "webhooks" => &self.webhook,
            "keys" => &self.key,
            "exports" => &self.export,
            "members" if template.contains("invitations") => &self.invitation,
            "members" => &self.member,
            _ => &self.session,
        };
        let path = template.replace("{id}", id).replace("{session}", &self.session);
        path.replace("{chat}", &self.chat).replace("{delivery}", &self.delivery)
    }

    fn ids(&self) -> [&str; 10] {
        let Self {
            session, message, contact, media, event, webhook, key, member, invitation, export, ..
        } = self;
        [session, message, contact, media, event, webhook, key, member, invitation, export]
    }
}

async fn meets(operation: &Operation, stack: &Stack, ours: &Ours, secret: &str, expected: Is) {
    let name = &operation.name;
    let response = operation.request(stack, &ours.path(&operation.path), secret).send().await.unwrap();
    let status = response.status().as_u16();
    match expected {
        Missing => assert_eq!(status, 404, "{name}"),
        Refused => assert_eq!(status, 403, "{name}"),
        LetIn => {
            assert!(!matches!(status, 401 | 403 | 500..), "{name}: {status}");
            // a live stream begins with what happens next, and nothing does
            if name != "live_stream" {
                let body = response.text().await.unwrap();
                assert!(!body.contains("only ours"), "{name}: {body}");
                let shown = ours.ids().into_iter().find(|id| body.contains(id));
                assert_eq!(shown, None, "{name}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_stranger_meets_nothing_of_ours() {
    let stack = Stack::start().await;
    let ours = Ours::make(&stack).await;
    let person = Person::join(&stack, "stranger").await;
    for operation in operations(&stack).await {
        // a new stranger each time: what one made must not be taken for ours
        let stranger = stack.stranger().await;
        meets(&operation, &stack, &ours, &stranger, operation.stranger).await;
        meets(&operation, &stack, &ours, &person.access, operation.stranger).await;
    }
    let still = stack.get(&format!("/api/v1/sessions/{}", ours.session)).await.expect(200);
    assert_eq!(still["id"], ours.session, "and nothing of ours has gone");
    stack.get(&format!("/api/v1/webhooks/{}", ours.webhook)).await.expect(200);
    assert_eq!(stack.get(&format!("/api/v1/keys/{}", ours.key)).await.expect(200)["revoked_at"], Value::Null);
}

#[tokio::test]
async fn a_key_for_another_session_meets_nothing_of_this_one() {
    let stack = Stack::start().await;
    let ours = Ours::make(&stack).await;
    let (other, other_key) = stack.session().await;
    says(&stack, other_key, "6281234567899", "theirs", stack.env.now()).await;
    let only = |sessions: Vec<SessionId>| stack.key_with(|key| key.sessions = Some(sessions));
    let limited = only(vec![other_key.id]).await;
    for operation in operations(&stack).await {
        meets(&operation, &stack, &ours, &limited, operation.limited).await;
    }
    // a file of no session is another's as well, when another staged it
    let file = stack.request(Method::POST, "/api/v1/media").header("content-type", "text/plain");
    let staged = text(&send(file.body("only ours")).await.expect(201), "id");
    let ours = Ours { media: staged, ..ours };
    for operation in operations(&stack).await {
        if operation.path.starts_with("/api/v1/media/{id}") {
            meets(&operation, &stack, &ours, &limited, Missing).await;
        }
    }
    // with its own session named, it reads what is of that
    for path in ["/api/v1/messages", "/api/v1/chats", "/api/v1/contacts", "/api/v1/events"] {
        let ask = |session: &str| {
            let path = format!("{path}?session={session}");
            send(stack.bare(Method::GET, &path).bearer_auth(&limited))
        };
        ask(&ours.session).await.problem(404, "session_not_found");
        let own = ask(&other).await.expect(200).to_string();
        assert!(own.contains(&other) && !own.contains(&ours.session), "{path}: {own}");
    }
    let listed = send(stack.bare(Method::GET, "/api/v1/sessions").bearer_auth(&limited)).await.expect(200);
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(listed["sessions"][0]["id"], other);
}
