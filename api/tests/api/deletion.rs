//! Exports of workspaces, and their end.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::{
    ExportId, WorkspaceId,
    auth::{Permission, Permissions},
    exports::{Export, ExportState, MOST},
    ports::{Exports, Removals},
};
use wagate_infra::testing::eventually;

use crate::{
    person::{PASSWORD, Person, text},
    stack::{Answer, PATIENCE, Stack, send},
};

/// A workspace made by an operator, and both their keys.
struct Scene<'a> {
    stack: &'a Stack,
    operator: String,
    id: String,
    key: String,
}

impl<'a> Scene<'a> {
    async fn set(stack: &'a Stack) -> Self {
        let operator = stack.scoped(Permissions::of(&[Permission::Operate])).await;
        let request = stack.bare(Method::POST, "/api/v1/operator/workspaces").bearer_auth(&operator);
        let made = send(request.json(&json!({"name": "Acme"}))).await.expect(201);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { stack, operator, id: text(&made["workspace"]["id"]), key: text(&made["key"]) }
    }

    /// As the operator; `~` stands for the workspace.
    async fn operate(&self, method: Method, path: &str) -> Answer {
        let path = path.replace('~', &format!("workspaces/{}", self.id));
        send(self.stack.bare(method, &format!("/api/v1/operator/{path}")).bearer_auth(&self.operator)).await
    }

    /// As the workspace.
    async fn theirs(&self, method: Method, path: &str) -> Answer {
        send(self.stack.bare(method, &format!("/api/v1/{path}")).bearer_auth(&self.key).json(&json!({})))
            .await
    }

    fn workspace(&self) -> WorkspaceId {
        self.id.parse().unwrap()
    }

    /// What a worker does at the end of an export.
    async fn is_done(&self, id: &Value) {
        let id: ExportId = id.as_str().unwrap().parse().unwrap();
        let export = Exports::get(&self.stack.sql, self.workspace(), id).await.unwrap().unwrap();
        let now = self.stack.env.now();
        let expires_at = Some(now.plus(Duration::from_hours(1)));
        let done = Export {
            state: ExportState::Done,
            lines: 3,
            bytes: 99,
            ended_at: Some(now),
            expires_at,
            ..export
        };
        assert!(Exports::update(&self.stack.sql, &done).await.unwrap());
    }
}

#[tokio::test]
async fn a_deletion_is_confirmed_and_can_be_undone() {
    let stack = Stack::start().await;
    let scene = Scene::set(&stack).await;
    for (query, field) in
        [("", "confirm"), ("?confirm=acme", "confirm"), ("?confirm=Acme&export=perhaps", "export")]
    {
        let refused = scene.operate(Method::DELETE, &format!("~{query}")).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], field, "{query}");
    }
    scene.theirs(Method::POST, "sessions").await.expect(201);

    let asked = scene.operate(Method::DELETE, "~?confirm=Acme").await.expect(202);
    assert_eq!(asked["deletion"]["export"], true);
    let refused = scene.theirs(Method::POST, "sessions").await.problem(403, "workspace_deleting");
    let due = asked["deletion"]["due_at"].as_str().unwrap();
    assert!(refused["detail"].as_str().unwrap().contains(due), "{refused}");
    scene.theirs(Method::GET, "sessions").await.expect(200);
    let exports = scene.theirs(Method::GET, "exports").await.expect(200);
    assert_eq!(exports["exports"].as_array().unwrap().len(), 1, "{exports}");
    let again = scene.operate(Method::DELETE, "~?confirm=Acme&export=false").await.expect(202);
    assert_eq!((&again["deletion"]["due_at"], &again["deletion"]["export"]), (&json!(due), &json!(false)));

    let restored = scene.operate(Method::POST, "~/restore").await.expect(200);
    assert_eq!(restored["deletion"], Value::Null);
    scene.theirs(Method::POST, "sessions").await.expect(201);
    let log = stack.get("/api/v1/audit?action=workspace.*").await.expect(200);
    let actions: Vec<&str> =
        log["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let asked = "workspace.deletion_asked_for";
    assert_eq!(actions, ["workspace.restored", asked, asked, "workspace.created"]);
}

#[tokio::test]
async fn of_a_workspace_that_is_removed_nothing_opens_and_its_tombstone_shows() {
    let stack = Stack::start().await;
    let scene = Scene::set(&stack).await;
    let asked = scene.operate(Method::DELETE, "~?confirm=Acme").await.expect(202);
    let export = scene.operate(Method::GET, "~/exports").await.expect(200)["exports"][0]["id"].clone();
    scene.is_done(&export).await;
    let due = stack.env.now().plus(Duration::from_hours(2));
    assert!(Removals::begin(&stack.sql, scene.workspace(), due, due).await.unwrap());
    eventually(PATIENCE, "nothing is shown", || async {
        let answer = scene.theirs(Method::GET, "sessions").await;
        (answer.status == 403).then(|| answer.problem(403, "workspace_deleting"))
    })
    .await;
    scene.operate(Method::GET, "~").await.problem(404, "workspace_not_found");
    scene.operate(Method::POST, "~/restore").await.problem(404, "workspace_not_found");
    scene.operate(Method::POST, "~/exports").await.problem(404, "workspace_not_found");
    let deletion = |list: Value| list["deletions"][0].clone();
    let shown = deletion(scene.operate(Method::GET, "deletions").await.expect(200));
    assert_eq!(
        (&shown["id"], &shown["name"], &shown["ended_at"]),
        (&json!(scene.id), &json!("Acme"), &Value::Null)
    );
    assert_eq!(shown["asked_at"], asked["deletion"]["asked_at"]);

    while Removals::remove(&stack.sql, scene.workspace(), 100).await.unwrap() > 0 {}
    Removals::end(&stack.sql, scene.workspace(), due).await.unwrap();
    eventually(PATIENCE, "its keys are unknown", || async {
        let answer = scene.theirs(Method::GET, "sessions").await;
        (answer.status == 401).then(|| answer.problem(401, "unauthenticated"))
    })
    .await;
    let shown = deletion(scene.operate(Method::GET, "deletions?limit=1").await.expect(200));
    assert_eq!(shown["ended_at"], due.to_string());
    scene.operate(Method::GET, "deletions?cursor=ws_0").await.problem(422, "validation_failed");
    // the way to its export stays open to operators
    let path = format!("~/exports/{}", export.as_str().unwrap());
    assert_eq!(scene.operate(Method::GET, &path).await.expect(200)["state"], "done");
    scene.operate(Method::GET, "~/exports/exp_0").await.problem(404, "export_not_found");
}

#[tokio::test]
async fn an_export_is_asked_for_watched_and_fetched() {
    let stack = Stack::start().await;
    let scene = Scene::set(&stack).await;
    let asked = scene.theirs(Method::POST, "exports").await.expect(202);
    assert_eq!((&asked["state"], &asked["workspace"]), (&json!("waiting"), &json!(scene.id)));
    let again = scene.operate(Method::POST, "~/exports").await.expect(202);
    assert_eq!(again["id"], asked["id"], "the one that waits will do");
    let path = format!("exports/{}", asked["id"].as_str().unwrap());
    scene.theirs(Method::GET, &format!("{path}/content")).await.problem(409, "export_not_ready");
    scene.is_done(&asked["id"]).await;
    let done = scene.theirs(Method::GET, &path).await.expect(200);
    assert_eq!((&done["state"], &done["lines"], &done["bytes"]), (&json!("done"), &json!(3), &json!(99)));
    for _ in 1..MOST {
        let next = scene.theirs(Method::POST, "exports").await.expect(202);
        assert_ne!(next["id"], asked["id"]);
        scene.is_done(&next["id"]).await;
    }
    scene.theirs(Method::POST, "exports").await.problem(409, "too_many_exports");
    let log = scene.theirs(Method::GET, "audit?action=export.*").await.expect(200);
    assert_eq!(log["entries"][0]["action"], "export.asked_for");
    let no_redirects =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = stack.url(&format!("/api/v1/{path}/content"));
    let answer = no_redirects.get(url).bearer_auth(&scene.key).send().await.unwrap();
    assert_eq!(answer.status(), 307);
    let link = answer.headers()["location"].to_str().unwrap();
    let key = format!("exports/{}/{}.jsonl.gz", scene.id, asked["id"].as_str().unwrap());
    assert!(link.contains(&key) && link.contains("X-Amz-Signature"), "{link}");
    let log = scene.theirs(Method::GET, "audit?action=export.fetched").await.expect(200);
    assert_eq!((log["entries"].as_array().unwrap().len(), &log["entries"][0]["target"]), (1, &asked["id"]));
}

/// Asks for the deletion of one's own workspace.
async fn asks(stack: &Stack, owner: &Person, body: &Value) -> Answer {
    owner.post(stack, "/deletion", body).await
}

#[tokio::test]
async fn an_owner_has_their_workspace_deleted_and_takes_it_back() {
    let stack = Stack::start().await;
    let owner = Person::join(&stack, "ayu").await;
    let account = owner.get(&stack, "/account").await.expect(200);
    let name = &account["workspaces"][0]["workspace_name"];
    let sure = json!({"confirm": name, "password": PASSWORD});
    for (body, status, code) in [
        (json!({"confirm": name, "password": "a wrong horse"}), 403, "wrong_password"),
        (json!({"confirm": "Acme", "password": PASSWORD}), 422, "validation_failed"),
        (json!({"confirm": name}), 422, "validation_failed"),
    ] {
        asks(&stack, &owner, &body).await.problem(status, code);
    }
    let mighty = owner.post(&stack, "/keys", &json!({"name": "all", "scopes": ["*"]})).await.expect(201);
    let with_key = stack.bare(Method::POST, "/api/v1/deletion").bearer_auth(text(&mighty, "secret"));
    send(with_key.json(&sure)).await.problem(403, "person_needed");
    owner.post(&stack, "/sessions", &json!({})).await.expect(201);

    let asked = asks(&stack, &owner, &sure).await.expect(202);
    assert_eq!((&asked["by"], &asked["export"]), (&json!("owner"), &json!(true)));
    let refused = owner.post(&stack, "/sessions", &json!({})).await.problem(403, "workspace_deleting");
    assert!(refused["detail"].as_str().unwrap().contains(asked["due_at"].as_str().unwrap()), "{refused}");
    let exports = owner.get(&stack, "/exports").await.expect(200);
    assert_eq!(exports["exports"].as_array().unwrap().len(), 1);
    for _ in 0..2 {
        send(owner.request(&stack, Method::DELETE, "/deletion")).await.expect(204);
    }
    owner.post(&stack, "/sessions", &json!({})).await.expect(201);
    let log = owner.get(&stack, "/audit?action=workspace.*").await.expect(200);
    let told: Vec<_> =
        log["entries"].as_array().unwrap().iter().map(|entry| (&entry["action"], &entry["actor"])).collect();
    let (who, back) = (json!(owner.id), json!("workspace.deletion_taken_back"));
    assert_eq!(told, [(&back, &who), (&back, &who), (&json!("workspace.deletion_asked_for"), &who)]);
}

#[tokio::test]
async fn what_an_operator_asked_for_no_owner_takes_back() {
    let stack = Stack::start().await;
    let owner = Person::join(&stack, "ayu").await;
    let account = owner.get(&stack, "/account").await.expect(200);
    let name = text(&account["workspaces"][0], "workspace_name");
    let operator = stack.scoped(Permissions::of(&[Permission::Operate])).await;
    let path = format!("/api/v1/operator/workspaces/{}", owner.workspace);
    let operate =
        |method, what: &str| send(stack.bare(method, &format!("{path}{what}")).bearer_auth(&operator));
    let confirmed = format!("?confirm={name}");
    let asked = operate(Method::DELETE, &confirmed).await.expect(202);
    assert_eq!(asked["deletion"]["by"], "operator");
    let take_back = async || send(owner.request(&stack, Method::DELETE, "/deletion")).await;
    take_back().await.problem(403, "workspace_deleting");
    let sure = json!({"confirm": name, "password": PASSWORD});
    asks(&stack, &owner, &sure).await.problem(403, "workspace_deleting");
    operate(Method::POST, "/restore").await.expect(200);

    // an operator's word stands above an owner's, whoever asked first
    asks(&stack, &owner, &sure).await.expect(202);
    let also = operate(Method::DELETE, &confirmed).await.expect(202);
    assert_eq!(also["deletion"]["by"], "operator");
    take_back().await.problem(403, "workspace_deleting");
}
