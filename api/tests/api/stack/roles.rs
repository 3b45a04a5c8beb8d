//! What connectors and workers do beside the API.

use std::time::Duration;

use wagate_domain::{
    MessageId,
    events::{Event, EventData},
    messages::{Failure, Status},
    ports::{Claim, EventLog, Group, Lanes, Leases, Projection, SessionCalls, Settlement, Verdict, Wanted},
    sessions::{Command, CommandReply, SessionKey},
};
use wagate_infra::{
    redis::{RedisLanes, RedisLeases},
    testing::eventually,
};

use super::{PATIENCE, Stack};

impl Stack {
    /// Appends an event as the connector does, and stores everything that waits as the worker does.
    pub(crate) async fn tell(&self, session: SessionKey, data: EventData) {
        let event = Event::new(&self.env, session, data);
        self.log.append(session, None, &[event]).await.unwrap();
        self.store().await;
    }

    /// Stores the events that wait, as the worker does.
    pub(crate) async fn store(&self) {
        while self.log.lag(Group::Store).await.unwrap() > 0 {
            let entries = self.log.read(Group::Store, "test", 100, Duration::from_secs(1)).await.unwrap();
            let events: Vec<Event> = entries.iter().filter_map(|entry| entry.event.clone()).collect();
            self.sql.apply(&events).await.unwrap();
            let positions: Vec<_> = entries.into_iter().map(|entry| entry.position).collect();
            self.log.ack(Group::Store, &positions).await.unwrap();
        }
    }

    /// Takes the session, claims the head of its lane, which must be this message, and gives it up.
    pub(crate) async fn fail(&self, session: SessionKey, message: MessageId, failure: Failure) {
        let data = EventData::MessageStatus { message, status: Status::Failed, failure: Some(failure) };
        let event = Event::new(&self.env, session, data);
        self.settle(session, message, Verdict::Done, &[event]).await;
    }

    /// Takes the session, claims the head of its lane, which must be this message, and settles it.
    pub(crate) async fn settle(
        &self,
        session: SessionKey,
        message: MessageId,
        verdict: Verdict,
        events: &[Event],
    ) {
        let (lanes, leases) =
            (RedisLanes::new(self.connection.clone()), RedisLeases::new(self.connection.clone()));
        leases.take(session, self.env.new_id(), 1).await.unwrap();
        let claim = lanes.claim(session, 1, Wanted::one(self.env.now())).await.unwrap();
        let Claim::Jobs(jobs) = claim else { panic!("nothing to claim") };
        assert_eq!(jobs.iter().map(|job| job.message.id).collect::<Vec<_>>(), [message]);
        let end = Settlement { message, verdict, events: events.to_vec() };
        lanes.settle(session, 1, &[end]).await.unwrap();
    }

    /// Answers the next command left for a session, as its owner does.
    pub(crate) async fn answer(&self, session: SessionKey, reply: CommandReply) -> Command {
        let left = || async { self.calls.next_command(session).await.unwrap() };
        let (id, command) = eventually(PATIENCE, "a command", left).await;
        self.calls.reply(session, &id, &reply).await.unwrap();
        command
    }
}
