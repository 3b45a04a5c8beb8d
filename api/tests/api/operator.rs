//! Workspaces, for whoever runs the gateway.

use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::{
    auth::{Permission, Permissions},
    ports::People,
};
use wagate_infra::testing::eventually;

use crate::{
    person::Person,
    stack::{Answer, PATIENCE, Stack, send},
};

struct Operator<'a> {
    stack: &'a Stack,
    key: String,
}

impl<'a> Operator<'a> {
    async fn of(stack: &'a Stack) -> Self {
        Self { stack, key: stack.scoped(Permissions::of(&[Permission::Operate])).await }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        let path = format!("/api/v1/operator/workspaces{path}");
        send(self.stack.bare(method, &path).bearer_auth(&self.key).json(&body)).await
    }
}

#[tokio::test]
async fn a_workspace_is_made_with_a_plan_that_holds() {
    let stack = Stack::start().await;
    let operator = Operator::of(&stack).await;
    let wish = json!({"name": "Acme", "plan": {"sessions": 1}});
    let made = operator.ask(Method::POST, "", wish).await.expect(201);
    let (id, key) = (made["workspace"]["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert_eq!(made["workspace"]["plan"]["sessions"], 1);
    let make = || send(stack.bare(Method::POST, "/api/v1/sessions").bearer_auth(key).json(&json!({})));
    make().await.expect(201);
    make().await.problem(403, "plan_limit_reached");
    let wider = json!({"name": "Acme & Sons", "plan": null});
    let changed = operator.ask(Method::PATCH, &format!("/{id}"), wider).await.expect(200);
    assert_eq!((&changed["name"], &changed["plan"]), (&json!("Acme & Sons"), &Value::Null));
    make().await.expect(201);
    let listed = operator.ask(Method::GET, "", json!({})).await.expect(200);
    assert_eq!(listed["workspaces"].as_array().unwrap().len(), 2);
    for (wish, field) in [
        (json!({"name": " "}), "name"),
        (json!({"name": "x", "plan": {"sessions": -1}}), "plan.sessions"),
        (
            json!({"name": "x", "plan": {"requests": {"amount": 0, "seconds": 1, "burst": 1}}}),
            "plan.requests.amount",
        ),
    ] {
        let problem = operator.ask(Method::POST, "", wish).await.problem(422, "validation_failed");
        assert_eq!(problem["field"], field);
    }
}

#[tokio::test]
async fn a_suspended_workspace_reads_and_changes_nothing_until_it_is_restored() {
    let stack = Stack::start().await;
    let operator = Operator::of(&stack).await;
    let made = operator.ask(Method::POST, "", json!({"name": "Acme"})).await.expect(201);
    let (id, key) = (made["workspace"]["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let as_them = |method, path: &str| stack.bare(method, path).bearer_auth(key);
    let reason = json!({"reason": "the invoice is not paid"});
    let suspended = operator.ask(Method::POST, &format!("/{id}/suspend"), reason).await.expect(200);
    assert_eq!(suspended["suspended_reason"], "the invoice is not paid");
    send(as_them(Method::GET, "/api/v1/sessions")).await.expect(200);
    let refused = send(as_them(Method::POST, "/api/v1/sessions").json(&json!({}))).await;
    let problem = refused.problem(403, "workspace_suspended");
    assert!(problem["detail"].as_str().unwrap().contains("the invoice is not paid"), "{problem}");
    operator.ask(Method::POST, &format!("/{id}/restore"), json!({})).await.expect(200);
    send(as_them(Method::POST, "/api/v1/sessions").json(&json!({}))).await.expect(201);
    let unknown = "/ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G";
    operator.ask(Method::GET, unknown, json!({})).await.problem(404, "workspace_not_found");
    operator
        .ask(Method::POST, &format!("{unknown}/restore"), json!({}))
        .await
        .problem(404, "workspace_not_found");
    let log = stack.get("/api/v1/audit?action=workspace.*").await.expect(200);
    let actions: Vec<&str> =
        log["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["workspace.restored", "workspace.suspended", "workspace.created"]);
}

#[tokio::test]
async fn a_plan_bounds_members_and_those_who_are_invited() {
    let stack = Stack::start().await;
    let operator = Operator::of(&stack).await;
    let wish = json!({"name": "Acme", "plan": {"members": 1}});
    let made = operator.ask(Method::POST, "", wish).await.expect(201);
    let invite = |address: &str| {
        let request = stack.bare(Method::POST, "/api/v1/members/invitations");
        send(
            request
                .bearer_auth(made["key"].as_str().unwrap())
                .json(&json!({"address": address, "role": "agent"})),
        )
    };
    invite("ayu@example.com").await.expect(201);
    invite("budi@example.com").await.problem(403, "plan_limit_reached");
    // asked once more it is still the same one
    invite("Ayu@example.com").await.expect(201);
}

#[tokio::test]
async fn a_person_who_runs_the_gateway_need_belong_to_no_workspace() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let ask = |method: Method, path: &str, body: Value| {
        let request = stack.bare(method, &format!("/api/v1/operator/{path}")).bearer_auth(&ayu.access);
        send(request.header("Idempotency-Key", "once").json(&body))
    };
    ask(Method::GET, "workspaces", json!({})).await.problem(403, "permission_missing");
    // as whoever has the machines does: wagate admin create-operator
    People::make_operator(&stack.sql, ayu.id.parse().unwrap()).await.unwrap();
    eventually(PATIENCE, "the flag is seen", || async {
        (ask(Method::GET, "workspaces", json!({})).await.status == 200).then_some(())
    })
    .await;
    let made = ask(Method::POST, "workspaces", json!({"name": "Acme"})).await.expect(201);
    let again = ask(Method::POST, "workspaces", json!({"name": "Acme"})).await.expect(201);
    assert_eq!(again["workspace"], made["workspace"], "a repetition makes no second one");
    let log = ask(Method::GET, "audit", json!({})).await.expect(200);
    assert_eq!(log["entries"][0]["action"], "workspace.created");
}
