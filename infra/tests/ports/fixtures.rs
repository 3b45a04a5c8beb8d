//! Messages, events and waiting for conditions.

use std::{future::Future, time::Duration};

use fred::prelude::{Builder, Client, ClientLike, Config, ServerConfig};
use futures::StreamExt;
use wagate_domain::{
    ConnectorId, Env, MessageId, SessionId, Timestamp, WorkspaceId,
    events::{Event, EventData},
    messages::{Message, Priority, Status},
    ports::{
        Accept, Accepted, Claim, EventLog, Group, Job, Lanes, Leases, Settlement, Standing, Unless, Verdict,
        Wake, WakeStream, Wanted,
    },
    sessions::SessionKey,
};
use wagate_infra::{
    redis::{Redis, RedisDuties, RedisLanes, RedisLeases, RedisLog},
    system,
    testing::RedisServer,
};

pub(crate) use wagate_infra::testing::{new_session, text_message as message};

/// The epoch the fixture's connector holds its session under.
pub(crate) const EPOCH: u64 = 3;

/// A server, and a session with an owner on it.
pub(crate) struct Fixture {
    pub(crate) env: Env,
    pub(crate) redis: Redis,
    pub(crate) lanes: RedisLanes,
    pub(crate) log: RedisLog,
    pub(crate) duties: RedisDuties,
    pub(crate) leases: RedisLeases,
    pub(crate) lane: SessionKey,
    pub(crate) connector: ConnectorId,
    server: Option<RedisServer>,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        let server = RedisServer::start().await;
        let redis = server.connect().await;
        Self { server: Some(server), ..Self::over(redis).await }
    }

    /// A session of its own on a Redis that is there already.
    pub(crate) async fn over(redis: Redis) -> Self {
        let env = system::env();
        let lane = SessionKey { workspace: env.new_id::<WorkspaceId>(), id: env.new_id::<SessionId>() };
        let connector = env.new_id();
        let leases = RedisLeases::new(redis.clone());
        leases.take(lane, connector, EPOCH).await.unwrap();
        Self {
            env,
            lanes: RedisLanes::new(redis.clone()),
            log: RedisLog::new(redis.clone()),
            duties: RedisDuties::new(redis.clone()),
            leases,
            redis,
            lane,
            connector,
            server: None,
        }
    }

    /// The fixture's own server.
    pub(crate) fn server(&mut self) -> &mut RedisServer {
        self.server.as_mut().unwrap()
    }

    /// A plain client on the fixture's own server, to look behind the adapters' backs.
    pub(crate) async fn plain_client(&self) -> Client {
        let url = self.server.as_ref().unwrap().config().url.unwrap();
        plain_client(url.expose()).await
    }

    /// A message nobody has accepted yet, whose text is `text`.
    pub(crate) fn message(&self, text: &str, priority: Priority) -> Message {
        message(&self.env, self.lane, text, priority)
    }

    pub(crate) fn status_event(&self, message: MessageId, status: Status) -> Event {
        Event::new(&self.env, self.lane, EventData::MessageStatus { message, status, failure: None })
    }

    pub(crate) fn accepting(&self, message: &Message, due: Option<i64>) -> Accept {
        let mut message = message.clone();
        if let Some(due) = due {
            message.send_at = Some(Timestamp::from_millis(due));
            message.status = Status::Scheduled;
        }
        let event =
            Event::new(&self.env, message.lane(), EventData::MessageAccepted(Box::new(message.clone())));
        Accept { message, event, unless: Unless::Known }
    }

    /// Accepts a fresh message and returns it.
    pub(crate) async fn accept(&self, text: &str, priority: Priority, due: Option<i64>) -> Message {
        let accept = self.accepting(&self.message(text, priority), due);
        let accepted = self.accept_one(&accept).await;
        assert!(matches!(accepted, Accepted::Queued { .. }), "{accepted:?}");
        accept.message
    }

    /// Accepts one message into its lane.
    pub(crate) async fn accept_one(&self, accept: &Accept) -> Accepted {
        let answers = self.lanes.accept(accept.message.lane(), std::slice::from_ref(accept)).await.unwrap();
        assert_eq!(answers.len(), 1);
        answers[0]
    }

    /// Where a message is and how often it was claimed.
    pub(crate) async fn standing(&self, id: MessageId) -> Option<Standing> {
        self.lanes.standing(self.lane, id).await.unwrap().map(|(message, standing)| {
            assert_eq!(message.id, id);
            standing
        })
    }

    /// Cancels one message of a lane.
    pub(crate) async fn cancel_in(&self, lane: SessionKey, id: MessageId, event: &Event) -> bool {
        let answers = self.lanes.cancel(lane, &[(id, event.clone())]).await.unwrap();
        assert_eq!(answers.len(), 1);
        answers[0]
    }

    pub(crate) async fn claim_at(&self, now: i64) -> Claim {
        self.lanes.claim(self.lane, EPOCH, Wanted::one(Timestamp::from_millis(now))).await.unwrap()
    }

    /// Claims at the beginning of time, where nothing has come due; there must be something.
    pub(crate) async fn claim(&self) -> Job {
        job(self.claim_at(0).await)
    }

    pub(crate) async fn settle(&self, id: MessageId, verdict: Verdict) {
        self.lanes.settle(self.lane, EPOCH, &[Settlement::silent(id, verdict)]).await.unwrap();
    }

    /// Claims and settles until nothing is ready; the texts in the order they came.
    pub(crate) async fn drain(&self, now: i64) -> Vec<String> {
        let mut texts = Vec::new();
        while let Claim::Jobs(jobs) = self.claim_at(now).await {
            for job in jobs {
                self.settle(job.message.id, Verdict::Done).await;
                texts.push(text(&job.message));
            }
        }
        texts
    }

    /// The log's events in order, acknowledged as they are read.
    pub(crate) async fn events(&self) -> Vec<Event> {
        self.events_as("fixture").await
    }

    pub(crate) async fn events_as(&self, consumer: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let entries = self.log.read(Group::Store, consumer, 500, Duration::ZERO).await.unwrap();
            if entries.is_empty() {
                return events;
            }
            let positions: Vec<_> = entries.iter().map(|entry| entry.position.clone()).collect();
            self.log.ack(Group::Store, &positions).await.unwrap();
            events.extend(entries.into_iter().map(|entry| entry.event.unwrap()));
        }
    }
}

/// The end of a claim, with what is told of it.
pub(crate) fn told(message: MessageId, verdict: Verdict, events: &[Event]) -> Settlement {
    Settlement { message, verdict, events: events.to_vec() }
}

pub(crate) fn text(message: &Message) -> String {
    message.content.text().unwrap_or_default().to_owned()
}

pub(crate) fn job(claim: Claim) -> Job {
    match claim {
        Claim::Jobs(mut jobs) => {
            assert_eq!(jobs.len(), 1, "one was asked for");
            jobs.remove(0)
        }
        Claim::Nothing { next } => panic!("nothing was ready; next {next:?}"),
    }
}

/// A client without any of the adapters' care.
pub(crate) async fn plain_client(url: &str) -> Client {
    let path = url.strip_prefix("redis+unix://").unwrap();
    let config = Config { server: ServerConfig::new_unix_socket(path), ..Config::default() };
    let client = Builder::from_config(config).build().unwrap();
    client.init().await.unwrap();
    client
}

/// The next wake-up; fails after 20 seconds.
pub(crate) async fn next(wakes: &mut WakeStream) -> Wake {
    let wake = tokio::time::timeout(Duration::from_secs(20), wakes.next()).await;
    wake.expect("a wake-up in time").expect("a stream without end")
}

/// Waits until `probe` gives a value; fails after 20 seconds.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, probe: impl FnMut() -> F) -> T {
    wagate_infra::testing::eventually(Duration::from_secs(20), what, probe).await
}
