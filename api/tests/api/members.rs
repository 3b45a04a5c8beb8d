//! Who belongs to a workspace, and what they may do there.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    person::{PASSWORD, Person, open, sign_in, text},
    stack::{Answer, Stack, send},
};

/// A request of a person about a workspace.
async fn about(
    stack: &Stack,
    person: &Person,
    workspace: &str,
    what: (Method, &str),
    body: &Value,
) -> Answer {
    let request = person.request(stack, what.0, what.1).header("Wagate-Workspace", workspace);
    send(request.json(body)).await
}

/// Lets a person join the workspace of another.
async fn join(stack: &Stack, owner: &Person, person: &Person, role: &str) {
    let wish = json!({"address": person.address, "role": role});
    let path = (Method::POST, "/members/invitations");
    about(stack, owner, &owner.workspace, path, &wish).await.expect(201);
    let token = stack.mails.token(&person.address, "invitation");
    open(stack, "invitations/accept", &json!({"token": token})).await.expect(200);
}

async fn set_role(stack: &Stack, by: &Person, owner: &Person, user: &str, role: &str) -> Answer {
    let path = format!("/members/{user}");
    about(stack, by, &owner.workspace, (Method::PATCH, &path), &json!({"role": role})).await
}

#[tokio::test]
async fn somebody_is_invited_and_joins_with_a_new_account() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let wish = json!({"address": "Budi@Example.com", "role": "agent"});
    let invited = ayu.post(&stack, "/members/invitations", &wish).await.expect(201);
    assert_eq!((&invited["address"], &invited["invited_by"]), (&json!("budi@example.com"), &json!(ayu.id)));
    let listed = ayu.get(&stack, "/members/invitations").await.expect(200);
    assert_eq!(listed["invitations"], json!([invited]));

    let token = stack.mails.token("budi@example.com", "invitation");
    let without = open(&stack, "invitations/accept", &json!({"token": token})).await;
    assert_eq!(without.problem(422, "validation_failed")["field"], "name");
    let accept = json!({"token": token, "name": "Budi", "password": PASSWORD});
    let joined = open(&stack, "invitations/accept", &accept).await.expect(200);
    assert_eq!(joined["workspace"], ayu.workspace);
    open(&stack, "invitations/accept", &accept).await.problem(410, "link_gone");
    let tokens = sign_in(&stack, "budi@example.com", PASSWORD).await.expect(200);
    let request = stack.bare(Method::GET, "/api/v1/members").bearer_auth(text(&tokens, "access_token"));
    let members = send(request).await.expect(200);
    let roles: Vec<&Value> = members["members"].as_array().unwrap().iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["owner", "agent"]);

    ayu.post(&stack, "/members/invitations", &wish).await.problem(409, "already_member");
    let open_one = json!({"address": "citra@example.com", "role": "viewer"});
    let made = ayu.post(&stack, "/members/invitations", &open_one).await.expect(201);
    let path = format!("/members/invitations/{}", text(&made, "id"));
    send(ayu.request(&stack, Method::DELETE, &path)).await.expect(204);
    send(ayu.request(&stack, Method::DELETE, &path)).await.problem(404, "invitation_not_found");
    let token = stack.mails.token("citra@example.com", "invitation");
    let late = json!({"token": token, "name": "Citra", "password": PASSWORD});
    open(&stack, "invitations/accept", &late).await.problem(410, "link_gone");
    for (body, field) in [
        (json!({"address": "citra", "role": "viewer"}), "address"),
        (json!({"address": "c@example.com", "role": "boss"}), "role"),
    ] {
        let problem = ayu.post(&stack, "/members/invitations", &body).await.problem(422, "validation_failed");
        assert_eq!(problem["field"], field);
    }
}

#[tokio::test]
async fn nobody_reaches_above_themselves() {
    let stack = Stack::start().await;
    let (owner, admin) = (Person::join(&stack, "owner").await, Person::join(&stack, "admin").await);
    let agent = Person::join(&stack, "agent").await;
    join(&stack, &owner, &admin, "admin").await;
    join(&stack, &owner, &agent, "agent").await;
    for (by, user, role, status, code) in [
        (&admin, &agent.id, "owner", 403, "role_above_own"),
        (&admin, &admin.id, "owner", 403, "role_above_own"),
        (&admin, &owner.id, "viewer", 403, "role_above_own"),
        (&agent, &agent.id, "admin", 403, "permission_missing"),
        (&owner, &owner.id, "admin", 409, "last_owner"),
    ] {
        set_role(&stack, by, &owner, user, role).await.problem(status, code);
    }
    let wish = json!({"address": "x@example.com", "role": "owner"});
    let path = (Method::POST, "/members/invitations");
    about(&stack, &admin, &owner.workspace, path.clone(), &wish).await.problem(403, "role_above_own");
    about(&stack, &agent, &owner.workspace, path, &wish).await.problem(403, "permission_missing");
    set_role(&stack, &admin, &owner, &agent.id, "operator").await.expect(200);

    let remove = async |by: &Person, user: &str| {
        let path = format!("/members/{user}");
        about(&stack, by, &owner.workspace, (Method::DELETE, &path), &json!({})).await
    };
    remove(&agent, &admin.id).await.problem(403, "permission_missing");
    remove(&admin, &owner.id).await.problem(403, "role_above_own");
    remove(&owner, &owner.id).await.problem(409, "last_owner");
    remove(&agent, &agent.id).await.expect(204);
    remove(&owner, &agent.id).await.problem(404, "member_not_found");
    set_role(&stack, &owner, &owner, &admin.id, "owner").await.expect(200);
    remove(&owner, &owner.id).await.expect(204);
}

#[tokio::test]
async fn who_belongs_to_several_workspaces_names_one() {
    let stack = Stack::start().await;
    let (ayu, budi) = (Person::join(&stack, "ayu").await, Person::join(&stack, "budi").await);
    budi.get(&stack, "/sessions").await.expect(200);
    join(&stack, &ayu, &budi, "viewer").await;
    let unsaid = budi.get(&stack, "/sessions").await.problem(400, "invalid_header");
    assert_eq!(unsaid["field"], "Wagate-Workspace");
    let get = (Method::GET, "/sessions");
    about(&stack, &budi, &ayu.workspace, get.clone(), &json!({})).await.expect(200);
    about(&stack, &budi, "ws_x", get.clone(), &json!({})).await.problem(400, "invalid_header");
    about(&stack, &ayu, &budi.workspace, get.clone(), &json!({})).await.problem(403, "not_a_member");
    let make = (Method::POST, "/sessions");
    about(&stack, &budi, &ayu.workspace, make.clone(), &json!({})).await.problem(403, "permission_missing");
    about(&stack, &budi, &budi.workspace, make, &json!({})).await.expect(201);

    let bound = json!({"address": budi.address, "password": PASSWORD, "workspace": ayu.workspace});
    let tokens = open(&stack, "sign-in", &bound).await.expect(200);
    let with_it = || stack.bare(Method::GET, "/api/v1/sessions").bearer_auth(text(&tokens, "access_token"));
    send(with_it()).await.expect(200);
    let elsewhere = send(with_it().header("Wagate-Workspace", &budi.workspace)).await;
    elsewhere.problem(403, "not_a_member");
    let strange = json!({"address": ayu.address, "password": PASSWORD, "workspace": budi.workspace});
    open(&stack, "sign-in", &strange).await.problem(403, "not_a_member");
}
