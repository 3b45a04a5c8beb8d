//! What phones write to the linked accounts, and those who are told of it.
//!
//! `writers` are the phones; `receiver` is a webhook's endpoint that answers as `manner` decides; `record` is what the
//! API shows; `judge` the verdict, which looks at what the receiver has taken.

mod judge;
mod manner;
mod receiver;
mod record;
mod report;
mod writers;

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use tokio::sync::watch;

use crate::{evidence::Shown, settings::Settings, wait::until_still, world::World};
use judge::{Evidence, judge};
use receiver::Receiver;
pub(crate) use report::Outcome;
use writers::Writers;
pub(crate) use writers::Written;

/// How the processes are told of webhooks here: a run has no days to wait for an endpoint.
pub(crate) fn variables() -> Vec<(&'static str, String)> {
    [
        ("WAGATE_OUTBOUND__ALLOW_PRIVATE", "true"),
        ("WAGATE_WEBHOOKS__ALLOW_HTTP", "true"),
        ("WAGATE_WEBHOOKS__TIMEOUT", "2s"),
        ("WAGATE_WEBHOOKS__FIRST_RETRY", "100ms"),
        ("WAGATE_WEBHOOKS__LONGEST_RETRY", "2s"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// One webhook per workspace, and the phones that have something to say.
pub(crate) struct Inbound {
    world: Arc<World>,
    receiver: Receiver,
    /// Ids of the webhooks, by tenant.
    webhooks: Vec<String>,
    writers: Writers,
}

impl Inbound {
    /// Starts the receiver and makes the webhooks.
    pub(crate) async fn begin(world: Arc<World>, settings: &Settings) -> Result<Self> {
        let mut rng = StdRng::seed_from_u64(settings.seed);
        let secret = |_| format!("whsec_{}", BASE64_STANDARD.encode(rng.random::<[u8; 32]>()));
        let secrets: Vec<String> = (0..world.tenants.len()).map(secret).collect();
        let receiver = Receiver::start(settings.seed, &secrets).await?;
        let mut webhooks = Vec::new();
        for (tenant, secret) in secrets.iter().enumerate() {
            let url = receiver.url(tenant);
            let body = json!({"url": url, "secret": secret, "events": ["message.received"]});
            let made = world.api(tenant)?.post("/api/v1/webhooks", &body).await.expect(201).json();
            webhooks.push(made["id"].as_str().context("no id of the webhook")?.to_owned());
        }
        let writers = Writers::new(Arc::clone(&world), settings.size);
        Ok(Self { world, receiver, webhooks, writers })
    }

    /// Lets the phones write, as fast as callers get on; what they wrote.
    pub(crate) async fn write(&self, accepted: watch::Receiver<usize>) -> Result<Vec<Written>> {
        self.writers.run(accepted).await
    }

    /// Waits until everything was taken or nothing changes any more, and judges.
    pub(crate) async fn end(self, mut written: Vec<Written>) -> Result<(Outcome, Vec<Written>)> {
        self.taken(&written).await?;
        // a webhook's place is written down with what it has taken; this leads it past all that came meanwhile
        let last = self.writers.last_words(&written).await?;
        written.extend(last);
        self.taken(&written).await?;
        let world = &self.world;
        let stats = until_still(async || {
            let stats = record::stats(world, &self.webhooks).await?;
            let is_at_rest = |(tenant, stats)| judge::is_at_rest(stats, judge::written_to(tenant, &written));
            Ok((stats.iter().enumerate().all(is_at_rest), stats))
        })
        .await?;
        let listed = until_still(async || {
            let listed = record::listed(world).await?;
            Ok((listed.len() >= written.len(), listed))
        })
        .await?;
        let told = record::told(world).await?;
        let calls = self.receiver.stop();
        let evidence =
            Evidence { written: &written, calls: &calls, told: &told, listed: &listed, stats: &stats };
        Ok((Outcome::new(&evidence, &judge(&evidence)), written))
    }

    async fn taken(&self, written: &[Written]) -> Result<()> {
        until_still(async || {
            let taken = self.receiver.taken();
            Ok((taken >= written.len(), taken))
        })
        .await
        .map(drop)
    }
}

/// What a phone wrote stands on the account's own phone, too: that is no message of the callers.
pub(crate) fn without_written(mut shown: Vec<Shown>, world: &World, written: &[Written]) -> Vec<Shown> {
    let known: HashSet<(&str, &str, &str, &str)> = written
        .iter()
        .map(|one| {
            let chat = &world.chats[one.chat];
            let own = world.sessions[chat.session].number.as_str();
            (own, chat.to.as_str(), one.stanza_id.as_str(), one.text.as_str())
        })
        .collect();
    shown.retain(|one| {
        let text = one.text.as_deref().unwrap_or_default();
        !known.contains(&(one.phone.as_str(), one.from.as_str(), one.id.as_str(), text))
    });
    shown
}
