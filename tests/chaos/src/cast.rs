//! The processes that play: two of each role, replaced when they are killed.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result};
use rustix::process::Signal;
use serde_json::Value;
use wagate_domain::ConnectorId;
use wagate_infra::testing::eventually;

use crate::process::{Log, PATIENCE, Process};

/// Processes of each role.
pub(crate) const EACH: usize = 2;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Api,
    Worker,
    Connector,
}

impl Role {
    const ALL: [Self; 3] = [Self::Api, Self::Worker, Self::Connector];

    const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Connector => "connector",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the living api processes listen; absent while one is away. What a load balancer knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Front(Arc<Mutex<[Desk; EACH]>>);

/// One place of the front: which process is in it, and where that listens.
#[derive(Debug, Default)]
struct Desk {
    life: usize,
    address: Option<String>,
}

impl Front {
    /// An api process, another one at the next turn; none while all are away.
    pub(crate) fn pick(&self, turn: usize) -> Option<String> {
        let desks = self.desks();
        (0..EACH).find_map(|step| desks[(turn + step) % EACH].address.clone())
    }

    fn expect(&self, slot: usize, life: usize) {
        self.desks()[slot] = Desk { life, address: None };
    }

    /// Notes where a process listens; `false` when another is in its place already.
    fn set(&self, slot: usize, life: usize, address: Option<String>) -> bool {
        let mut desks = self.desks();
        let is_it = desks[slot].life == life;
        if is_it {
            desks[slot].address = address;
        }
        is_it
    }

    fn desks(&self) -> MutexGuard<'_, [Desk; EACH]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Player {
    role: Role,
    slot: usize,
    /// Counts the processes that were in this place.
    life: usize,
    process: Process,
    frozen: bool,
}

/// All processes.
pub(crate) struct Cast {
    program: PathBuf,
    variables: Vec<(&'static str, String)>,
    logs: PathBuf,
    players: tokio::sync::Mutex<Vec<Player>>,
    pub(crate) front: Front,
}

impl Cast {
    /// Starts two of each role.
    pub(crate) async fn start(
        program: PathBuf,
        variables: Vec<(&'static str, String)>,
        logs: PathBuf,
    ) -> Result<Arc<Self>> {
        let cast = Self { program, variables, logs, players: Default::default(), front: Front::default() };
        for (role, slot) in Role::ALL.into_iter().flat_map(|role| (0..EACH).map(move |slot| (role, slot))) {
            let process = cast.spawn(role, slot, 0)?;
            let log = process.log().clone();
            let frozen = false;
            cast.players.lock().await.push(Player { role, slot, life: 0, process, frozen });
            match role {
                Role::Api => drop(log.told("an api that listens", address).await),
                Role::Connector => drop(log.told("a connector's id", id).await),
                Role::Worker => {}
            }
        }
        Ok(Arc::new(cast))
    }

    fn spawn(&self, role: Role, slot: usize, life: usize) -> Result<Process> {
        let log = self.logs.join(format!("{role}-{slot}.{life}.log"));
        let process = Process::start(&self.program, &[role.name()], &self.variables, log)?;
        if role == Role::Api {
            self.front.expect(slot, life);
            let (front, log) = (self.front.clone(), process.log().clone());
            tokio::spawn(async move { announce(&front, slot, life, &log).await });
        }
        Ok(process)
    }

    /// Kills a process and puts a new one in its place at once. Returns a connector's id.
    pub(crate) async fn kill(&self, role: Role, slot: usize) -> Result<Option<ConnectorId>> {
        self.replace(role, slot, async |process| process.kill().await).await
    }

    /// Asks a process to end, waits for it, and puts a new one in its place. Returns a connector's id.
    pub(crate) async fn roll(&self, role: Role, slot: usize) -> Result<Option<ConnectorId>> {
        self.replace(role, slot, async |process| process.end().await).await
    }

    async fn replace(
        &self,
        role: Role,
        slot: usize,
        end: impl AsyncFnOnce(Process) -> Result<()>,
    ) -> Result<Option<ConnectorId>> {
        let mut players = self.players.lock().await;
        let at = players.iter().position(|player| player.role == role && player.slot == slot);
        let player = players.remove(at.context("nobody in this place")?);
        let (gone, life) = (player.process.log().tells(id), player.life + 1);
        if role == Role::Api {
            self.front.set(slot, player.life, None);
        }
        end(player.process).await?;
        let process = self.spawn(role, slot, life)?;
        players.push(Player { role, slot, life, process, frozen: false });
        Ok(gone)
    }

    /// Stops a connector in its tracks (SIGSTOP); its id, and a handle to wake it. `None` when it sleeps already
    /// or has not said who it is.
    pub(crate) async fn freeze(&self, slot: usize) -> Result<Option<(ConnectorId, Frozen)>> {
        let mut players = self.players.lock().await;
        let found = players.iter_mut().find(|player| player.role == Role::Connector && player.slot == slot);
        let player = found.context("nobody in this place")?;
        let Some(id) = player.process.log().tells(id).filter(|_| !player.frozen) else { return Ok(None) };
        player.process.signal(Signal::STOP)?;
        player.frozen = true;
        Ok(Some((id, Frozen { slot, life: player.life })))
    }

    /// Wakes a connector (SIGCONT), unless it was killed meanwhile; its log.
    pub(crate) async fn wake(&self, frozen: Frozen) -> Result<Option<Log>> {
        let mut players = self.players.lock().await;
        let is_it = |player: &&mut Player| {
            player.role == Role::Connector && player.slot == frozen.slot && player.life == frozen.life
        };
        let Some(player) = players.iter_mut().find(is_it) else { return Ok(None) };
        player.frozen = false;
        player.process.signal(Signal::CONT)?;
        Ok(Some(player.process.log().clone()))
    }

    /// Whether a connector sleeps.
    pub(crate) async fn is_frozen(&self, slot: usize) -> bool {
        let players = self.players.lock().await;
        players.iter().any(|player| player.role == Role::Connector && player.slot == slot && player.frozen)
    }

    /// The ids of the living connectors, by their place.
    pub(crate) async fn connectors(&self) -> Vec<(usize, Option<ConnectorId>)> {
        let players = self.players.lock().await;
        let connectors = players.iter().filter(|player| player.role == Role::Connector);
        connectors.map(|player| (player.slot, player.process.log().tells(id))).collect()
    }

    /// Ends all in order.
    pub(crate) async fn stop(&self) -> Result<()> {
        let mut players = std::mem::take(&mut *self.players.lock().await);
        players.sort_by_key(|player| Role::ALL.iter().position(|role| *role == player.role));
        for player in players {
            player.process.end().await.with_context(|| format!("end {} {}", player.role, player.slot))?;
        }
        Ok(())
    }
}

/// A connector that sleeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frozen {
    slot: usize,
    life: usize,
}

/// Tells the front where a new api listens, as soon as it does. Nobody hears of one that is killed before.
async fn announce(front: &Front, slot: usize, life: usize, log: &Log) {
    eventually(PATIENCE, "an api that listens", || async {
        let address = log.tells(address);
        let (known, is_it) = (address.is_some(), front.set(slot, life, address));
        (known || !is_it).then_some(())
    })
    .await;
}

fn address(line: &Value) -> Option<String> {
    let listens = line["message"] == "the API listens";
    listens.then(|| format!("http://{}", line["address"].as_str().unwrap_or_default()))
}

fn id(line: &Value) -> Option<ConnectorId> {
    let started = line["message"] == "connector started";
    started.then(|| line["connector"].as_str()?.parse().ok())?
}
