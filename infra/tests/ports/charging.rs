//! Accepting messages is charged for once, whatever is repeated.

use tempfile::TempDir;
use ulid::Ulid;
use wagate_domain::{
    SessionId,
    auth::{Actor, Principal},
    limits::{Refusal, Terms},
    messages::{Body, Priority, SendError, SendMessage, SendPorts, send, send_batch},
    ports::{Lanes, Sessions, Workspaces},
    workspaces::{Plan, Suspension, Workspace},
};
use wagate_infra::{redis::RedisLimits, sql::Database};

use crate::fixtures::{Fixture, new_session};

struct Shop {
    f: Fixture,
    db: Database,
    limits: RedisLimits,
    caller: Principal,
    /// That of the installation.
    plan: Plan,
    _folder: TempDir,
}

impl Shop {
    /// A workspace that may send so many messages a month, with the fixture's session.
    async fn open(messages: u64) -> Self {
        let (f, folder) = (Fixture::start().await, tempfile::tempdir().unwrap());
        let db = Database::open(
            &format!("sqlite://{}", folder.path().join("sql").display()),
            &wagate_infra::testing::ring(),
        )
        .await
        .unwrap();
        db.migrate().await.unwrap();
        let now = f.env.now();
        let plan = Plan { messages_per_month: Some(messages), ..Plan::default() };
        let workspace = Workspace { plan: Some(plan), ..Workspace::new(f.lane.workspace, "shop", now) };
        Workspaces::insert(&db, &workspace).await.unwrap();
        Sessions::insert(&db, &new_session(f.lane, now)).await.unwrap();
        let limits = RedisLimits::new(f.redis.clone(), f.env.clone());
        let caller = Principal { workspace: workspace.id, actor: Actor::Key(f.env.new_id()) };
        Self { f, db, limits, caller, plan: Plan::default(), _folder: folder }
    }

    fn ports(&self) -> SendPorts<'_> {
        let terms = Terms { workspaces: &self.db, limits: &self.limits, plan: &self.plan };
        SendPorts { sessions: &self.db, messages: &self.db, media: &self.db, lanes: &self.f.lanes, terms }
    }

    /// Sends under a seed; what is left.
    async fn send(&self, seed: u128) -> Result<u64, SendError> {
        let request = request(self.f.lane.id, "+6281234567890", seed);
        let sent = send(&self.f.env, self.ports(), self.caller, request).await?;
        Ok(sent.left.map_or(u64::MAX, |left| left.remaining))
    }

    /// Sends a batch under seeds; how many were accepted, and what is left.
    async fn batch(&self, requests: Vec<SendMessage>) -> Result<(usize, u64), SendError> {
        let sent = send_batch(&self.f.env, self.ports(), self.caller, self.f.lane.id, requests).await?;
        let accepted = sent.messages.iter().filter(|message| message.is_ok()).count();
        Ok((accepted, sent.left.map_or(u64::MAX, |left| left.remaining)))
    }

    /// How many messages wait.
    async fn queued(&self) -> u64 {
        self.f.lanes.depth(self.f.lane).await.unwrap().interactive
    }

    fn requests(&self, seeds: std::ops::Range<u128>) -> Vec<SendMessage> {
        seeds.map(|seed| request(self.f.lane.id, "+6281234567890", seed)).collect()
    }
}

fn request(session: SessionId, to: &str, seed: u128) -> SendMessage {
    SendMessage {
        session,
        to: to.to_owned(),
        body: Body::Text("hello".to_owned()),
        reply_to: None,
        mentions: Vec::new(),
        priority: Priority::Interactive,
        send_at: None,
        expires_at: None,
        campaign: None,
        seed: Some(Ulid(seed)),
    }
}

fn used_up<T>(sent: &Result<T, SendError>) -> bool {
    matches!(sent, Err(SendError::Refused(Refusal::Limited(_))))
}

#[tokio::test]
async fn a_repeated_message_is_charged_once_and_not_refused_for_what_it_used_itself() {
    let shop = Shop::open(2).await;
    assert_eq!(shop.send(1).await.unwrap(), 1);
    shop.send(1).await.unwrap();
    assert_eq!(shop.send(2).await.unwrap(), 0, "the repetition was given back");
    shop.send(2).await.unwrap();
    assert!(used_up(&shop.send(3).await));
    assert_eq!(shop.queued().await, 2);
}

#[tokio::test]
async fn a_batch_is_charged_for_what_is_right_and_new() {
    let shop = Shop::open(6).await;
    let mut requests = shop.requests(1..4);
    requests.push(request(shop.f.lane.id, "nobody", 9));
    assert_eq!(shop.batch(requests).await.unwrap(), (3, 3), "the wrong one costs nothing");
    assert_eq!(shop.batch(shop.requests(1..4)).await.unwrap().0, 3);
    assert!(used_up(&shop.batch(shop.requests(10..14)).await), "more than is left");
    assert_eq!(shop.queued().await, 3, "and none of it was queued");
    assert_eq!(shop.batch(shop.requests(10..12)).await.unwrap(), (2, 1));
    // of a batch whose first part was accepted before, only the rest is charged for
    assert_eq!(shop.batch(shop.requests(10..13)).await.unwrap(), (3, 0));
    assert_eq!(shop.batch(shop.requests(10..13)).await.unwrap().0, 3, "nothing is left, and nothing is new");
    let wrong = vec![request(shop.f.lane.id, "nobody", 20)];
    assert_eq!(shop.batch(wrong).await.unwrap().0, 0, "it is told what is wrong, not that nothing is left");
    assert_eq!(shop.queued().await, 6);
}

#[tokio::test]
async fn a_suspended_workspace_sends_nothing() {
    let shop = Shop::open(6).await;
    let suspension = Suspension { at: shop.f.env.now(), reason: "unpaid".to_owned() };
    shop.db.suspend(shop.caller.workspace, &suspension).await.unwrap();
    let refused = shop.send(1).await;
    assert!(
        matches!(refused, Err(SendError::Refused(Refusal::Suspended(ref why))) if why == "unpaid"),
        "{refused:?}"
    );
    shop.db.restore(shop.caller.workspace).await.unwrap();
    assert_eq!(shop.send(1).await.unwrap(), 5);
}
