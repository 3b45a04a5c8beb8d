//! An owner that sleeps beyond its lease with a message in flight, and wakes.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tempfile::TempDir;
use wagate_domain::{
    events::{Event, EventData},
    ports::{Claim, EventLog, Lanes, Leases, PortError, PortResult, Wanted},
};
use wagate_infra::{
    redis::{RedisLanes, RedisLog},
    sql::{Database, wa::WaStore},
    system,
    testing::ring,
};
use wagate_tests::eventually;

use crate::{
    Settings, storm,
    world::{Session, World},
};

/// Puts the owner of a session to sleep while a message of it waits for its ack, lets the other connector take
/// over, and wakes it: what it tries under its old epoch is refused, and nothing shows that it was there.
///
/// # Errors
/// When it could publish or write, or when the session is not sound afterwards.
pub async fn stale_owner(settings: &Settings) -> Result<()> {
    let temporary = TempDir::with_prefix("wagate-stale-")?;
    let world = World::start(settings, &temporary.path().canonicalize()?).await?;
    let session = &world.sessions[0];
    let (owner, epoch) = world.leases.owner(session.key).await?.context("an owner")?;
    let connectors = world.cast.connectors().await;
    let slot = connectors.into_iter().find_map(|(slot, id)| (id == Some(owner)).then_some(slot));

    storm::lose_acks(&world, 0, 1).await?;
    let first = send(&world, "first").await?;
    shown(&world, "first").await;
    let (_, frozen) = world.cast.freeze(slot.context("its process")?).await?.context("an owner awake")?;
    let heir = eventually("another owner", || async {
        world.leases.owner(session.key).await.ok()?.filter(|(id, _)| *id != owner)
    })
    .await;
    ensure!(heir.1 > epoch, "the epoch was not raised");
    let api = world.api(session.tenant)?;
    let (end, _) = world.chats[0].recipient.end();
    api.message_is(&first, end).await;
    refused(&world, session, epoch).await?;

    let log = world.cast.wake(frozen).await?.context("a process to wake")?;
    let id = session.key.id.to_string();
    log.told("a lease that is lost", |line| {
        (line["message"] == "lease lost; let go" && line["session"] == id.as_str()).then_some(())
    })
    .await;
    let second = send(&world, "second").await?;
    api.message_is(&second, end).await;
    ensure!(
        world.leases.owner(session.key).await? == Some(heir),
        "the woken owner has taken the session back"
    );
    let state = api.get(&format!("/api/v1/sessions/{id}")).await.expect(200).json();
    ensure!(state["state"] == "connected", "the woken owner has told something: {state}");
    for text in ["first", "second"] {
        let times = inbox(&world).await.iter().filter(|shown| *shown == text).count();
        ensure!(times == 1, "{text} is shown {times} times");
    }
    world.stop().await
}

/// Everything an owner does is refused under an epoch that is over.
async fn refused(world: &World, session: &Session, epoch: u64) -> Result<()> {
    let env = system::env();
    let (log, lanes) = (RedisLog::new(world.redis.clone()), RedisLanes::new(world.redis.clone()));
    let told = Event::new(&env, session.key, EventData::SessionUnlinked {});
    stale("publishing", &log.append(session.key, Some(epoch), &[told]).await)?;
    let claimed: PortResult<Claim> = lanes.claim(session.key, epoch, Wanted::one(env.now())).await;
    stale("claiming", &claimed)?;
    let sql = Database::open(&world.machines.database, &ring()).await?;
    let store = WaStore::new(sql.clone(), session.key, epoch);
    stale("writing", &store.put_sessions([("somebody", b"ratchet".as_slice())]).await)?;
    sql.close().await?;
    Ok(())
}

fn stale<T: std::fmt::Debug>(what: &str, outcome: &PortResult<T>) -> Result<()> {
    ensure!(matches!(outcome, Err(PortError::Stale)), "{what} under an old epoch: {outcome:?}");
    Ok(())
}

async fn send(world: &World, text: &str) -> Result<String> {
    let chat = &world.chats[0];
    let session = &world.sessions[chat.session];
    let message = json!({"to": chat.to, "type": "text", "text": {"body": text}});
    Ok(world.api(session.tenant)?.message(&session.key.id.to_string(), &message).await)
}

async fn shown(world: &World, text: &str) {
    eventually(text, || async { inbox(world).await.iter().any(|shown| shown == text).then_some(()) }).await;
}

async fn inbox(world: &World) -> Vec<String> {
    let page = world.control.get("/v1/inbox").await.expect(200).json();
    let texts = page["items"].as_array().into_iter().flatten();
    texts.filter_map(|shown| shown["text"].as_str().map(str::to_owned)).collect()
}
