use std::pin::Pin;

use futures::FutureExt;
use wagate_domain::{
    Env, MessageId, SessionId,
    events::{Event, EventData},
    ids::Id,
    messages::{Message, Priority},
    ports::{Accept, Claim, Lanes, Leases, Settlement, Unless, Verdict, Wanted},
};
use wagate_infra::{
    redis::{RedisLanes, RedisLeases},
    system,
    testing::{RedisServer, text_message},
};

use super::*;

fn session(workspace: u128, session: u128) -> SessionKey {
    SessionKey {
        workspace: WorkspaceId::from_ulid(ulid::Ulid(workspace)),
        id: SessionId::from_ulid(ulid::Ulid(session)),
    }
}

/// Sends `total` messages from busy sessions over one turn; how many each workspace got.
async fn share(sessions: &[SessionKey], total: usize) -> HashMap<WorkspaceId, usize> {
    let turns = Turns::new(1);
    let mut got = HashMap::new();
    let mut current = turns.take(sessions[0]).await;
    let mut waiting: Vec<_> = sessions.iter().map(|s| (*s, Box::pin(turns.take(*s)))).collect();
    for (_, turn) in &mut waiting {
        assert!(turn.as_mut().now_or_never().is_none(), "the only turn is taken");
    }
    for _ in 0..total {
        drop(current);
        let mut asked = waiting.iter_mut().enumerate();
        let taken = asked.find_map(|(index, (_, turn))| Some((index, turn.as_mut().now_or_never()?)));
        let (index, turn) = taken.expect("somebody's turn");
        current = turn;
        let (session, _) = waiting.remove(index);
        *got.entry(session.workspace).or_default() += 1;
        // it has more to send
        let mut again = Box::pin(turns.take(session));
        assert!(again.as_mut().now_or_never().is_none());
        waiting.push((session, again));
    }
    got
}

#[test]
fn a_tenant_with_many_busy_sessions_gets_no_more_than_one_with_one() {
    // outside of tokio, whose tasks may poll only so often in a row
    futures::executor::block_on(async {
        let mut sessions: Vec<_> = (0..500).map(|n| session(1, n)).collect();
        sessions.push(session(2, 900));
        let got = share(&sessions, 200).await;
        assert_eq!(got[&session(1, 0).workspace], 100);
        assert_eq!(got[&session(2, 0).workspace], 100);
    });
}

#[test]
fn sessions_of_a_tenant_take_turns() {
    // outside of tokio, whose tasks may poll only so often in a row
    futures::executor::block_on(async {
        let turns = Turns::new(1);
        let held = turns.take(session(1, 0)).await;
        let mut order = Vec::new();
        let mut waiting: Vec<_> = (1..=5).map(|n| (n, Box::pin(turns.take(session(1, n))))).collect();
        for (_, turn) in &mut waiting {
            assert!(turn.as_mut().now_or_never().is_none());
        }
        drop(held);
        for (n, turn) in waiting {
            drop(turn.await);
            order.push(n);
        }
        assert_eq!(order, [1, 2, 3, 4, 5]);
    });
}

#[test]
fn who_stops_waiting_takes_no_turn_along() {
    // outside of tokio, whose tasks may poll only so often in a row
    futures::executor::block_on(async {
        let turns = Turns::new(1);
        let held = turns.take(session(1, 0)).await;
        let mut gone = Box::pin(turns.take(session(1, 1)));
        assert!(gone.as_mut().now_or_never().is_none());
        drop(gone);
        drop(held);
        let turn = turns.take(session(1, 2)).now_or_never();
        assert!(turn.is_some(), "the turn is free again");
        drop(turn);
        assert_eq!(turns.lock().free, 1);
    });
}

#[test]
fn a_session_that_asks_for_many_turns_gets_no_more_than_one_that_asks_for_one() {
    futures::executor::block_on(async {
        let turns = Turns::new(1);
        let current = turns.take(session(0, 0)).await;
        let mut asked: Vec<_> =
            [1, 1, 1, 1, 2, 1, 2, 3].into_iter().map(|n| (n, Box::pin(turns.take(session(0, n))))).collect();
        for (_, turn) in &mut asked {
            assert!(turn.as_mut().now_or_never().is_none());
        }
        drop(current);
        let mut order = Vec::new();
        while !asked.is_empty() {
            let ready = asked.iter_mut().position(|(n, turn)| {
                let turn = turn.as_mut().now_or_never();
                turn.is_some_and(|_turn| {
                    order.push(*n);
                    true
                })
            });
            drop(asked.remove(ready.expect("somebody's turn")));
        }
        assert_eq!(order, [1, 2, 3, 1, 2, 1, 1, 1]);
    });
}

#[test]
fn no_more_than_so_many_at_once() {
    // outside of tokio, whose tasks may poll only so often in a row
    futures::executor::block_on(async {
        let turns = Turns::new(3);
        let held: Vec<_> = (0..3).filter_map(|n| turns.take(session(n, n)).now_or_never()).collect();
        assert_eq!(held.len(), 3);
        assert!(turns.take(session(9, 9)).now_or_never().is_none());
    });
}

/// A text that waits in its session's lane.
fn accepting(env: &Env, lane: SessionKey, priority: Priority) -> Accept {
    let message = text_message(env, lane, "hello", priority);
    let event = Event::new(env, lane, EventData::MessageAccepted(Box::new(message.clone())));
    Accept { message, event, unless: Unless::Known }
}

/// What a session's actor does: it claims the head of its lane, waits for its turn, sends, settles, claims the next.
struct Sender<'a> {
    lanes: &'a RedisLanes,
    session: SessionKey,
    claimed: Message,
    turn: Pin<Box<dyn Future<Output = Turn> + Send + 'a>>,
}

impl<'a> Sender<'a> {
    /// One with something to send, that has asked for its turn.
    async fn begin(lanes: &'a RedisLanes, turns: &'a Turns, env: &Env, session: SessionKey) -> Option<Self> {
        let claim = lanes.claim(session, 1, Wanted::one(env.now())).await.unwrap();
        let Claim::Jobs(mut jobs) = claim else { return None };
        let job = jobs.pop()?;
        let mut turn: Pin<Box<dyn Future<Output = Turn> + Send + 'a>> = Box::pin(turns.take(session));
        assert!(turn.as_mut().now_or_never().is_none(), "the only turn is taken");
        Some(Self { lanes, session, claimed: job.message, turn })
    }

    async fn sent(&self) {
        let end = Settlement::silent(self.claimed.id, Verdict::Done);
        self.lanes.settle(self.session, 1, &[end]).await.unwrap();
    }
}

/// Each of the campaign's sessions holds so many.
const BULK: usize = 5_000;

#[tokio::test]
async fn a_tenant_with_100_000_bulk_messages_delays_no_interactive_message_of_another() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let (lanes, leases, env) = (RedisLanes::new(redis.clone()), RedisLeases::new(redis), system::env());
    let campaign: Vec<SessionKey> = (0..20).map(|n| session(1, n)).collect();
    let quiet = session(2, 100);
    for lane in campaign.iter().chain([&quiet]) {
        leases.take(*lane, env.new_id(), 1).await.unwrap();
    }
    for lane in &campaign {
        let accepts: Vec<Accept> = (0..BULK).map(|_| accepting(&env, *lane, Priority::Bulk)).collect();
        lanes.accept(*lane, &accepts).await.unwrap();
    }
    let single: Vec<Accept> = (0..50).map(|_| accepting(&env, quiet, Priority::Interactive)).collect();
    lanes.accept(quiet, &single).await.unwrap();
    // the campaign's own tenant writes a single message, too, behind its bulk
    let own = accepting(&env, campaign[7], Priority::Interactive);
    lanes.accept(campaign[7], std::slice::from_ref(&own)).await.unwrap();

    let turns = Turns::new(1);
    let first = turns.take(campaign[0]).await;
    let mut senders = Vec::new();
    for lane in campaign.iter().chain([&quiet]) {
        senders.extend(Sender::begin(&lanes, &turns, &env, *lane).await);
    }
    assert_eq!(senders.len(), 21, "everybody waits for a turn");
    drop(first);
    let mut order = Vec::new();
    while senders.iter().any(|sender| sender.session == quiet) {
        let (index, turn) = tokio::task::unconstrained(async {
            let mut asked = senders.iter_mut().enumerate();
            asked.find_map(|(index, sender)| Some((index, sender.turn.as_mut().now_or_never()?)))
        })
        .await
        .expect("somebody's turn");
        let sender = senders.remove(index);
        sender.sent().await;
        order.push((sender.session, sender.claimed.id));
        senders.extend(Sender::begin(&lanes, &turns, &env, sender.session).await);
        drop(turn);
    }
    let place = |id: MessageId| order.iter().position(|(_, sent)| *sent == id).expect("sent");
    for (n, accept) in single.iter().enumerate() {
        assert!(
            place(accept.message.id) <= 2 * n + 1,
            "number {n} was sent as number {}",
            place(accept.message.id)
        );
    }
    let first_of_its_session =
        order.iter().find(|(session, _)| *session == campaign[7]).expect("it had a turn");
    assert_eq!(first_of_its_session.1, own.message.id, "it overtakes the bulk of its session");
    let depth = lanes.depth(campaign[0]).await.unwrap();
    assert!(depth.bulk + depth.in_flight > 4_900, "the campaign has hardly begun: {depth:?}");
}
