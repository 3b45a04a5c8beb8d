//! The sessions this connector holds.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use wagate_domain::{
    SessionId,
    sessions::{Session, SessionKey},
};

use super::{
    heartbeat::Pulse,
    pace::ConnectPace,
    share::{Balance, balance},
};
use crate::session::{self, ActorHandle, End, Input, Leave, Shared, chain};

/// After an actor ended in disorder its session rests for so long, doubling.
const REST: Duration = Duration::from_secs(2);
/// Longest rest.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// Sessions handed over in one round, so that a new connector is not overrun.
const GIVE_AT_ONCE: usize = 10;

/// The held sessions and what is known about the others.
pub(super) struct Roster {
    shared: Arc<Shared>,
    actors: HashMap<SessionId, ActorHandle>,
    resting: HashMap<SessionId, (Instant, Duration)>,
    /// Leases of actors that have ended, which may still be on record: while they are, nobody else takes the sessions.
    ended: Vec<(SessionKey, u64)>,
    /// Sessions that wanted an owner in the last round.
    known: HashSet<SessionId>,
    /// Holding too much was seen in the last round too.
    heavy: bool,
    pulse: Pulse,
    pace: ConnectPace,
}

impl Roster {
    pub(super) fn new(shared: Arc<Shared>, pulse: Pulse) -> Self {
        Self {
            pace: ConnectPace::new(shared.config.connects_per_second),
            shared,
            actors: HashMap::new(),
            resting: HashMap::new(),
            ended: Vec::new(),
            known: HashSet::new(),
            heavy: false,
            pulse,
        }
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Wakes the actor of a session; whether it is a session that nobody wanted in the last round.
    pub(super) fn wake(&self, session: SessionKey) -> bool {
        if let Some(actor) = self.actors.get(&session.id).filter(|actor| actor.key == session) {
            // an actor that has just ended is noticed in the next round
            let _ = actor.inbox.send(Input::Wake);
            return false;
        }
        !self.known.contains(&session.id)
    }

    pub(super) fn wake_all(&self) {
        for actor in self.actors.values() {
            let _ = actor.inbox.send(Input::Wake);
        }
    }

    /// Whether sessions wait to be claimed for no other reason than the pace of connecting.
    pub(super) const fn is_held_back(&self) -> bool {
        self.pace.held_back
    }

    /// One round: buries actors that ended, lets go of what is not wanted, balances, claims.
    pub(super) async fn look(&mut self) {
        self.bury().await;
        self.release_ended().await;
        let ports = &self.shared.ports;
        let (wanted, alive) = match tokio::try_join!(ports.sessions.wanted(), ports.leases.alive()) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "cannot look for sessions");
                return;
            }
        };
        self.known = wanted.iter().map(|session| session.id).collect();
        self.drop_unwanted(&wanted);
        if !self.pulse.is_steady() {
            // Redis was away: the others have not said yet that they are alive
            return;
        }
        match balance(wanted.len(), alive.len(), self.actors.len()) {
            Balance::Give(surplus) if self.heavy => self.give(surplus.min(GIVE_AT_ONCE)),
            // one round of grace: a connector that restarts is missed only for a moment
            Balance::Give(_) => self.heavy = true,
            Balance::Take(room) => {
                self.heavy = false;
                let free: Vec<Session> = wanted
                    .into_iter()
                    .filter(|session| !self.actors.contains_key(&session.id) && !self.rests(session.id))
                    .collect();
                let alive: HashSet<_> = alive.into_iter().collect();
                let room = room.min(self.shared.config.max_sessions.saturating_sub(self.actors.len()));
                let room = self.pace.room(room.min(free.len()));
                let claimed = super::claim::claim(&self.shared, free, &alive, room).await;
                for claimed in claimed {
                    let id = claimed.session.id;
                    self.actors.insert(id, session::start(Arc::clone(&self.shared), claimed));
                }
            }
        }
    }

    /// Lets go of everything and waits until that is done.
    pub(super) async fn leave_all(&mut self, why: Leave) {
        for actor in self.actors.values() {
            let _ = actor.inbox.send(Input::Leave(why));
        }
        for (_, actor) in self.actors.drain() {
            if let Err(error) = actor.task.await {
                tracing::error!(session = %actor.key.id, %error, "an actor ended in disorder");
            }
        }
    }

    async fn bury(&mut self) {
        let ended: Vec<SessionId> =
            self.actors.iter().filter(|(_, actor)| actor.task.is_finished()).map(|(id, _)| *id).collect();
        for id in ended {
            let Some(actor) = self.actors.remove(&id) else { continue };
            self.ended.push((actor.key, actor.epoch));
            match actor.task.await {
                Ok(End::Left) => {
                    self.resting.remove(&id);
                }
                Ok(End::LeaseLost) => self.rest(id),
                Err(error) => {
                    tracing::error!(session = %id, %error, "an actor ended in disorder");
                    self.rest(id);
                }
            }
        }
        let now = Instant::now();
        self.resting.retain(|_, (until, _)| now < *until + LONGEST_REST);
    }

    /// An actor releases its lease itself, unless it cannot: it broke off, believed that the lease was lost, or Redis was away.
    async fn release_ended(&mut self) {
        while let Some((session, epoch)) = self.ended.pop() {
            if let Err(error) = self.shared.ports.leases.release(session, self.shared.me, epoch).await {
                tracing::debug!(session = %session.id, error = %chain(&error), "lease not released");
                self.ended.push((session, epoch));
                break;
            }
        }
    }

    fn rest(&mut self, id: SessionId) {
        let rest = self.resting.get(&id).map_or(REST, |(_, rest)| (*rest * 2).min(LONGEST_REST));
        self.resting.insert(id, (Instant::now() + rest, rest));
    }

    fn rests(&self, id: SessionId) -> bool {
        self.resting.get(&id).is_some_and(|(until, _)| Instant::now() < *until)
    }

    fn drop_unwanted(&self, wanted: &[Session]) {
        let epochs: HashMap<SessionId, u64> =
            wanted.iter().map(|session| (session.id, session.epoch)).collect();
        for (id, actor) in &self.actors {
            let order = match epochs.get(id) {
                None => Input::Leave(Leave::Unwanted),
                Some(epoch) if *epoch > actor.epoch => Input::LeaseLost,
                Some(_) => continue,
            };
            let _ = actor.inbox.send(order);
        }
    }

    fn give(&mut self, surplus: usize) {
        tracing::info!(surplus, held = self.actors.len(), "handing sessions over");
        for actor in self.actors.values().take(surplus) {
            let _ = actor.inbox.send(Input::Leave(Leave::HandOver));
        }
        self.heavy = false;
    }
}
