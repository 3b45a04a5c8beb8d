//! Everything that is there before the storm: machines, network, processes, tenants, linked sessions, chats.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use wagate_domain::{WorkspaceId, sessions::SessionKey};
use wagate_infra::redis::{Redis, RedisLeases};
use wagate_tests::{Api, Phone};

use crate::{
    cast::Cast,
    inbound,
    machines::Machines,
    process::{Process, run},
    settings::Settings,
};

/// Sessions that are linked at the same time.
const LINKING: usize = 8;
/// Phones that are written to; a prime, so that each session meets others.
const PHONES: usize = 101;
/// Steps between the phones of one session's chats.
const STRIDE: usize = 13;

/// A tenant.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) id: WorkspaceId,
    pub(crate) key: String,
}

/// A linked account.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) key: SessionKey,
    pub(crate) tenant: usize,
    pub(crate) number: String,
}

/// What becomes of messages to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// Its phone shows them.
    Shows,
    /// Its phone shows and reads them.
    Reads,
    /// Nobody uses WhatsApp under it.
    Nobody,
}

impl Recipient {
    /// How a message to it ends: the status, and the code of a failure.
    pub(crate) const fn end(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Shows => ("delivered", None),
            Self::Reads => ("read", None),
            Self::Nobody => ("failed", Some("not_on_whatsapp")),
        }
    }
}

/// One session's messages to one number, in order.
#[derive(Debug, Clone)]
pub(crate) struct Chat {
    pub(crate) session: usize,
    pub(crate) to: String,
    pub(crate) recipient: Recipient,
    pub(crate) messages: usize,
}

/// All of it.
pub(crate) struct World {
    pub(crate) machines: Machines,
    pub(crate) cast: Arc<Cast>,
    pub(crate) control: Api,
    control_url: String,
    pub(crate) redis: Redis,
    pub(crate) leases: RedisLeases,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) chats: Vec<Chat>,
    sandbox: Process,
}

impl World {
    /// Starts everything and links the sessions.
    pub(crate) async fn start(settings: &Settings, folder: &Path) -> Result<Self> {
        let logs = folder.join("logs");
        std::fs::create_dir_all(&logs)?;
        let machines = Machines::start(folder, settings.db).await?;
        let mut variables = machines.variables.clone();
        let (sandbox, network, control_url) = network(&settings.program, &variables, &logs).await?;
        variables.extend(network);
        variables.extend(lease(settings));
        variables.extend(inbound::variables());
        run(&settings.program, &["migrate"], &variables).await?;
        let cast = Cast::start(settings.program.clone(), variables.clone(), logs).await?;
        let redis = machines.connect().await?;
        let leases = RedisLeases::new(redis.clone());
        let control = Api::new(control_url.clone(), "");
        let tenants = tenants(settings, &variables).await?;
        let chats = chats(settings);
        declare(&control, &chats).await?;
        let sessions = Vec::new();
        let mut world =
            Self { machines, cast, control, control_url, redis, leases, tenants, sessions, chats, sandbox };
        world.sessions = world.link(settings).await?;
        Ok(world)
    }

    /// The API as a tenant sees it, at whichever process answers.
    pub(crate) fn api(&self, tenant: usize) -> Result<Api> {
        let front = self.cast.front.pick(tenant).context("no api process")?;
        Ok(Api::new(front, self.tenants[tenant].key.clone()))
    }

    async fn link(&self, settings: &Settings) -> Result<Vec<Session>> {
        let workspaces = settings.size.workspaces;
        stream::iter(0..settings.size.sessions)
            .map(|n| async move {
                let tenant = n % workspaces;
                let api = self.api(tenant)?;
                let number = format!("49151{n:07}");
                let phone = Phone::new(&self.control_url, &number, &format!("account {n}")).await;
                let id = api.create_session().await;
                phone.scan(&api.qr(&id).await).await;
                api.session_in(&id, "connected").await;
                let key = SessionKey { workspace: self.tenants[tenant].id, id: id.parse()? };
                anyhow::Ok(Session { key, tenant, number })
            })
            .buffered(LINKING)
            .try_collect()
            .await
    }

    /// Ends everything in order.
    pub(crate) async fn stop(self) -> Result<()> {
        self.cast.stop().await?;
        self.sandbox.end().await?;
        self.redis.close().await;
        self.machines.stop().await;
        Ok(())
    }
}

/// Starts the simulated network; the variables that lead a connector to it, and its control API.
async fn network(
    program: &Path,
    variables: &[(&'static str, String)],
    logs: &Path,
) -> Result<(Process, Vec<(&'static str, String)>, String)> {
    let mut process =
        Process::start(program, &["sandbox", "--free-ports"], variables, logs.join("sandbox.log"))?;
    let mut lines = BufReader::new(process.output().context("standard output")?).lines();
    let (mut found, mut control) = (Vec::new(), None);
    while let Some(line) = lines.next_line().await? {
        for name in
            ["WAGATE_NETWORK__WS_URL", "WAGATE_NETWORK__MEDIA_HTTPS_HOST", "WAGATE_NETWORK__MEDIA_HTTP_ADDR"]
        {
            found.extend(
                line.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).map(|v| (name, v.to_owned())),
            );
        }
        control = control.or_else(|| line.strip_prefix("control API").map(|url| url.trim().to_owned()));
        if line.starts_with("CA of media") {
            break;
        }
    }
    // whatever it says later must find somebody at the other end
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((process, found, control.context("the sandbox names no control API")?))
}

fn lease(settings: &Settings) -> Vec<(&'static str, String)> {
    let millis = |span: std::time::Duration| format!("{}ms", span.as_millis());
    vec![
        ("WAGATE_CONNECTOR__LEASE_TTL", millis(settings.lease)),
        ("WAGATE_CONNECTOR__CLAIM_EVERY", millis(settings.lease / 3)),
        ("WAGATE_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        // the load is faster than anybody may be by default
        ("WAGATE_LIMITS__KEY_PER_SECOND", "0".to_owned()),
        ("WAGATE_LIMITS__WORKSPACE_PER_SECOND", "0".to_owned()),
        (
            "WAGATE_LOG__FILTER",
            "info,wagate_connector=debug,fred=warn,sqlx=warn,s3s=warn,s3s_fs=warn".to_owned(),
        ),
    ]
}

async fn tenants(settings: &Settings, variables: &[(&'static str, String)]) -> Result<Vec<Tenant>> {
    let mut tenants = Vec::new();
    for n in 0..settings.size.workspaces {
        let name = format!("tenant {n}");
        let printed = run(&settings.program, &["admin", "create-workspace", &name], variables).await?;
        let shown = |label: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(label))?;
            line.split_whitespace().next().map(str::to_owned)
        };
        let id = shown("workspace").context("no id of the workspace")?.parse()?;
        tenants.push(Tenant { id, key: shown("API key").context("no key of the workspace")? });
    }
    Ok(tenants)
}

/// Who writes to whom, and how much. One number per session is nobody's.
fn chats(settings: &Settings) -> Vec<Chat> {
    let size = settings.size;
    let count = size.sessions * size.chats;
    let shown = (0..count).map(|n| {
        let (session, chat) = (n % size.sessions, n / size.sessions);
        let phone = (session + STRIDE * chat) % PHONES;
        Chat {
            session,
            to: format!("62812{phone:07}"),
            recipient: if phone.is_multiple_of(3) { Recipient::Reads } else { Recipient::Shows },
            messages: size.messages / count + usize::from(n < size.messages % count),
        }
    });
    let nobody = (0..size.sessions).map(|session| Chat {
        session,
        to: format!("62899{session:07}"),
        recipient: Recipient::Nobody,
        messages: 1,
    });
    shown.chain(nobody).collect()
}

/// Tells the network what the numbers are like.
async fn declare(control: &Api, chats: &[Chat]) -> Result<()> {
    let numbers: BTreeMap<&str, Recipient> =
        chats.iter().map(|chat| (chat.to.as_str(), chat.recipient)).collect();
    let phones: Vec<Value> = numbers
        .into_iter()
        .map(|(number, recipient)| {
            let read = if recipient == Recipient::Reads { "immediately" } else { "never" };
            json!({"number": number, "on_whatsapp": recipient != Recipient::Nobody, "read": read})
        })
        .collect();
    let request = control.request(Method::POST, "/v1/phones:batch").json(&json!({"phones": phones}));
    let answer = control.send(request).await;
    anyhow::ensure!(answer.status == 201, "{}", String::from_utf8_lossy(&answer.bytes));
    Ok(())
}
