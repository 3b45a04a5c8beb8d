//! Limits and plans, as those see them who call.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::{
    WorkspaceId,
    limits::Rate,
    ports::Workspaces,
    workspaces::{Plan, Suspension},
};
use wagate_infra::config::LimitsConfig;
use wagate_tests::{Answer, Api, Stack, eventually};

const TO: &str = "+6281234567890";

/// A rate that does not refill while a test runs.
const fn a_day(amount: u32) -> Rate {
    Rate { amount, seconds: 86_400, burst: amount }
}

/// A stack whose first workspace has a plan.
struct Planned {
    stack: Stack,
    api: Api,
    workspace: WorkspaceId,
}

impl Planned {
    async fn start(plan: Plan) -> Self {
        let stack = Stack::sqlite().await;
        let workspace = stack.up().workspaces().list().await.expect("workspaces")[0].id;
        let planned = Self { api: stack.api(), stack, workspace };
        planned.plan(plan).await;
        planned
    }

    fn workspaces(&self) -> &dyn Workspaces {
        self.stack.up().workspaces()
    }

    async fn plan(&self, plan: Plan) {
        let changed = self.workspaces().change(self.workspace, None, Some(Some(plan))).await;
        assert!(changed.expect("the record").is_some());
    }

    /// Sends under an idempotency key, or without.
    async fn send(&self, session: &str, text: &str, once: Option<&str>) -> Answer {
        let path = format!("/api/v1/sessions/{session}/messages");
        let body = json!({"to": TO, "type": "text", "text": {"body": text}});
        let request = self.api.request(Method::POST, &path).json(&body);
        let request = match once {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        };
        self.api.send(request).await
    }

    async fn batch(&self, session: &str, count: usize) -> Answer {
        let message = json!({"to": TO, "type": "text", "text": {"body": "hello"}});
        let path = format!("/api/v1/sessions/{session}/messages/batch");
        self.api.post(&path, &json!({ "messages": vec![message; count] })).await
    }

    async fn unlinked(&self) -> String {
        let made = self.api.post("/api/v1/sessions", &json!({"start": false})).await.expect(201).json();
        made["id"].as_str().expect("an id").to_owned()
    }
}

fn number(answer: &Answer, header: &str) -> u64 {
    answer.header(header).parse().unwrap_or_else(|_| panic!("{header} in {:?}", answer.headers))
}

fn refused(answer: Answer, status: u16, code: &str) -> (Value, Answer) {
    let answer = answer.expect(status);
    let problem = answer.json();
    assert_eq!(problem["code"], code, "{problem}");
    (problem, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_stands_in_every_answer_and_a_refusal_says_whose_limit_it_was() {
    let plan = Plan { requests_per_key: Some(a_day(4)), requests: Some(a_day(6)), ..Plan::default() };
    let planned = Planned::start(plan).await;
    let api = &planned.api;
    // the plan is seen within a moment; requests before that were not counted
    let first = eventually("the plan", || async {
        let answer = api.get("/api/v1/sessions").await;
        (!answer.header("ratelimit-limit").is_empty()).then_some(answer)
    })
    .await;
    assert_eq!(number(&first, "ratelimit-remaining"), 3);
    assert_eq!(first.header("ratelimit-policy"), "4;w=86400;burst=4;comment=\"key\"");
    assert!((1..=86_400).contains(&number(&first, "ratelimit-reset")));
    // what fails is counted too
    for (path, status, left) in
        [("/api/v1/sessions", 200, 2), ("/api/v1/sessions/ses_unknown", 404, 1), ("/api/v1/chats", 200, 0)]
    {
        let answer = api.get(path).await.expect(status);
        if status == 200 {
            assert_eq!(number(&answer, "ratelimit-remaining"), left, "{path}");
        }
    }
    let last = loop {
        let answer = api.get("/api/v1/sessions").await;
        if answer.status == 429 {
            break answer;
        }
        answer.expect(200);
    };
    let (problem, answer) = refused(last, 429, "rate_limited");
    assert!(problem["detail"].as_str().unwrap().starts_with("The key may take 4 requests"), "{problem}");
    assert_eq!((number(&answer, "ratelimit-limit"), number(&answer, "ratelimit-remaining")), (4, 0));
    assert!(number(&answer, "retry-after") > 0);

    let stranger = planned.stack.stranger().await;
    stranger.get("/api/v1/sessions").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_retry_after_it_works_again() {
    let rate = Rate { amount: 1, seconds: 4, burst: 1 };
    let planned = Planned::start(Plan { requests_per_key: Some(rate), ..Plan::default() }).await;
    let refused = eventually("a refusal", || async {
        let answer = planned.api.get("/api/v1/sessions").await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    let wait = number(&refused, "retry-after");
    assert!((1..=4).contains(&wait), "{wait}");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    planned.api.get("/api/v1/sessions").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_messages_of_a_month_are_counted_exactly() {
    let planned = Planned::start(Plan { messages_per_month: Some(6), ..Plan::default() }).await;
    let session = planned.unlinked().await;
    let first = eventually("the plan", || async {
        let answer = planned.send(&session, "one", Some("one")).await.expect(202);
        let replayed = answer.header("idempotent-replayed") == "true";
        assert!(!replayed || answer.header("ratelimit-limit").is_empty(), "a repetition uses nothing up");
        (!answer.header("ratelimit-limit").is_empty()).then_some(answer)
    })
    .await;
    assert_eq!((number(&first, "ratelimit-limit"), number(&first, "ratelimit-remaining")), (6, 5));
    assert!(first.header("ratelimit-policy").contains("month"), "{}", first.header("ratelimit-policy"));
    let again = planned.send(&session, "one", Some("one")).await.expect(202);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json()["id"], first.json()["id"]);

    assert_eq!(number(&planned.batch(&session, 2).await.expect(202), "ratelimit-remaining"), 3);
    let (problem, answer) = refused(planned.batch(&session, 4).await, 429, "quota_exceeded");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("The workspace has 3 of its 6 messages of this month (UTC) left"), "{detail}");
    let next = detail.rsplit_once("begins at ").unwrap().1.parse::<jiff::Timestamp>().unwrap();
    let wait = i64::try_from(number(&answer, "retry-after")).unwrap();
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(wait);
    assert!(end.duration_since(next).abs() < jiff::SignedDuration::from_secs(60), "{end} {next}");
    assert_eq!(next.to_zoned(jiff::tz::TimeZone::UTC).day(), 1);

    let (problem, answer) = refused(planned.batch(&session, 7).await, 429, "quota_exceeded");
    assert_eq!(problem["remedy"], "Send at most 6 messages in one request.");
    assert!(answer.header("retry-after").is_empty(), "it never works");

    assert_eq!(number(&planned.batch(&session, 3).await.expect(202), "ratelimit-remaining"), 0);
    refused(planned.send(&session, "more", None).await, 429, "quota_exceeded");
    // a repetition of what was taken is answered as before, although nothing is left
    planned.send(&session, "one", Some("one")).await.expect(202);
    let listed = planned.api.get(&format!("/api/v1/sessions/{session}/queue")).await.expect(200).json();
    assert_eq!(listed["interactive"], 6, "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_sends_no_faster_than_it_may() {
    let planned = Planned::start(Plan { sends_per_session: Some(a_day(3)), ..Plan::default() }).await;
    let (one, other) = (planned.unlinked().await, planned.unlinked().await);
    let problem = eventually("a refusal", || async {
        let answer = planned.send(&one, "hello", None).await;
        (answer.status == 429).then(|| refused(answer, 429, "rate_limited").0)
    })
    .await;
    assert!(problem["detail"].as_str().unwrap().starts_with("The session may take 3 messages"), "{problem}");
    planned.batch(&other, 3).await.expect(202);
    refused(planned.batch(&other, 1).await, 429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_bounds_sessions_and_retention() {
    let plan = Plan { sessions: Some(1), retention_days: Some(30), ..Plan::default() };
    let planned = Planned::start(plan).await;
    let api = &planned.api;
    let most = |days: Option<u32>| {
        let days = json!(days);
        json!({"messages_days": days, "media_days": days, "events_days": days, "deliveries_days": days})
    };
    let shown = eventually("the plan", || async {
        let shown = api.get("/api/v1/retention").await.expect(200).json();
        (shown["messages_days"] == 30).then_some(shown)
    })
    .await;
    assert_eq!(shown, most(Some(30)), "kept no longer than the plan says, whatever is set");
    let put = async |body: Value| api.send(api.request(Method::PUT, "/api/v1/retention").json(&body)).await;
    for beyond in [most(Some(31)), most(None)] {
        let (problem, _) = refused(put(beyond).await, 403, "plan_limit_reached");
        assert!(problem["detail"].as_str().unwrap().contains("30 days"), "{problem}");
    }
    put(most(Some(7))).await.expect(200);

    let session = planned.unlinked().await;
    let (problem, _) = refused(api.post("/api/v1/sessions", &json!({})).await, 403, "plan_limit_reached");
    assert!(problem["detail"].as_str().unwrap().contains("1 sessions"), "{problem}");
    api.delete(&format!("/api/v1/sessions/{session}")).await.expect(204);
    planned.unlinked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_workspace_reads_and_does_nothing_else() {
    let planned = Planned::start(Plan::default()).await;
    let shop = planned.stack.phone("6281200000001", "Toko Kopi").await;
    let ayu = planned.stack.phone("6281234567890", "Ayu").await;
    let (api, session) = (&planned.api, planned.stack.linked(&shop).await);
    let suspension = Suspension { at: "2026-11-20T00:00:00Z".parse().unwrap(), reason: "unpaid".to_owned() };
    planned.workspaces().suspend(planned.workspace, &suspension).await.expect("the record");
    let problem = eventually("it is suspended", || async {
        let answer = planned.send(&session, "hello", None).await;
        (answer.status != 202).then(|| refused(answer, 403, "workspace_suspended").0)
    })
    .await;
    assert!(problem["detail"].as_str().unwrap().ends_with("unpaid"), "{problem}");
    for (method, path) in [
        (Method::POST, "/api/v1/sessions".to_owned()),
        (Method::POST, format!("/api/v1/sessions/{session}/start")),
        (Method::PATCH, format!("/api/v1/sessions/{session}")),
        (Method::DELETE, format!("/api/v1/sessions/{session}")),
    ] {
        let answer = api.send(api.request(method, &path).json(&json!({}))).await;
        refused(answer, 403, "workspace_suspended");
    }
    api.get("/api/v1/messages").await.expect(200);
    eventually("its connector lets go of it", || async {
        let found = api.get(&format!("/api/v1/sessions/{session}")).await.expect(200).json();
        (found["state"] != "connected").then_some(())
    })
    .await;

    planned.workspaces().restore(planned.workspace).await.expect("the record");
    api.session_in(&session, "connected").await;
    let sent = eventually("it may send again", || async {
        let answer = planned.send(&session, "we are back", None).await;
        (answer.status == 202).then(|| answer.json()["id"].as_str().unwrap().to_owned())
    })
    .await;
    api.message_is(&sent, "delivered").await;
    drop(ayu);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_noisy_workspace_takes_nothing_from_another() {
    let plan = Plan { requests: Some(a_day(10)), ..Plan::default() };
    let planned = Planned::start(plan).await;
    let quiet = planned.stack.stranger().await;
    let noise = (0..200).map(|_| planned.api.get("/api/v1/sessions"));
    let calm = (0..40).map(|_| quiet.get("/api/v1/sessions"));
    let (noise, calm) = tokio::join!(futures::future::join_all(noise), futures::future::join_all(calm));
    assert!(calm.iter().all(|answer| answer.status == 200), "{:?}", calm[0]);
    assert!(noise.iter().all(|answer| matches!(answer.status, 200 | 429)));
    eventually("the noisy one is refused", || async {
        (planned.api.get("/api/v1/sessions").await.status == 429).then_some(())
    })
    .await;
    quiet.get("/api/v1/sessions").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guesses_keys_is_stopped() {
    let limits = LimitsConfig { address_per_minute: 1, address_burst: 3, ..LimitsConfig::none() };
    let stack = Stack::limited(limits).await;
    let guesser = stack.api().with_key("wg_00000000000000000000000000000000");
    let problem = eventually("a refusal", || async {
        let answer = guesser.get("/api/v1/sessions").await;
        assert!(matches!(answer.status, 401 | 429), "{answer:?}");
        (answer.status == 429).then(|| refused(answer, 429, "rate_limited").0)
    })
    .await;
    assert!(problem["detail"].as_str().unwrap().starts_with("The address may take 1 requests"), "{problem}");
    stack.api().get("/api/v1/sessions").await.expect(200);
}
