//! What is secret lies sealed, and gets new keys while it is read and written.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use futures::future::poll_fn;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use wagate_domain::{
    mail::{Letter, Mail},
    ports::{MailQueue, Outbox, PortError, Sessions, Webhooks},
    sessions::{Proxy, RewriteSession, SessionKey},
    webhooks::{SigningSecret, Webhook},
};
use wagate_infra::{
    config::{OutboundConfig, Secret},
    http::GuardedPost,
    seal::Ring,
    sql::{
        Database, Rotated, SigningKey,
        wa::{MessageSecret, PendingInbound, SyncKey, TcToken, WaStore},
    },
};

use crate::sample::{at, id, stored_session};

const OLD: &str = "old:b25lIGtleSBvZiAzMiBieXRlcywgYW5kIG9ubHkgb24=";
const NEW: &str = "new:YW5vdGhlciBrZXkgb2YgMzIgYnl0ZXMsIGxhdGVyIG4=";
/// Another key under a known id.
const OTHER_OLD: &str = "old:YW5vdGhlciBrZXkgb2YgMzIgYnl0ZXMsIGxhdGVyIG4=";

/// What no table may show.
const SECRET: &[u8] = b"known secret, 32 bytes of it....";
/// What is plain on purpose, so that a search that finds nothing is seen to search.
const PLAIN: &str = "https://plain.example.com/hook";
const WHSEC: &str = "whsec_a25vd24gc2VjcmV0LCAzMiBieXRlcyBvZiBpdC4uLi4=";
const PENDING: PendingInbound<'static> = PendingInbound { chat: "c", sender: "s", id: "i" };
/// Tables with sealed values, and the first column of each.
const TABLES: [(&str, &str); 16] = [
    ("wa_devices", "record"),
    ("wa_identities", "record"),
    ("wa_sessions", "record"),
    ("wa_prekeys", "record"),
    ("wa_signed_prekeys", "record"),
    ("wa_sender_keys", "record"),
    ("wa_sync_keys", "key_data"),
    ("wa_sync_versions", "record"),
    ("wa_mutation_macs", "value_mac"),
    ("wa_base_keys", "record"),
    ("wa_device_lists", "record"),
    ("wa_groups", "record"),
    ("wa_tc_tokens", "token"),
    ("wa_sent_messages", "record"),
    ("wa_pending_inbound", "record"),
    ("wa_msg_secrets", "secret"),
];

fn ring(keys: &[&'static str]) -> Ring {
    Ring::read(keys.iter().copied()).unwrap()
}

async fn open(url: &str, keys: &[&'static str]) -> Database {
    let db = Database::open(url, &ring(keys)).await.unwrap();
    db.migrate().await.unwrap();
    db
}

/// A webhook and a session with the known secret in every sealed column.
struct Tenant {
    key: SessionKey,
    proxy: Proxy,
    webhook: Webhook,
}

impl Tenant {
    async fn settle(db: &Database) -> Self {
        let key = stored_session(db).await;
        let guard = GuardedPost::new(&OutboundConfig::default()).unwrap();
        let proxy = Proxy::read(&guard, "socks5://user:known%20secret@proxy.example.com").unwrap();
        let change = RewriteSession { proxy: Some(Some(proxy.clone())), ..RewriteSession::default() };
        let changed = Sessions::rewrite(db, key.workspace, key.id, &change).await.unwrap().unwrap();
        assert_eq!(changed.proxy.as_ref(), Some(&proxy));
        fill(&WaStore::new(db.clone(), key, 0)).await;
        let webhook = Webhook {
            id: id(),
            workspace: key.workspace,
            session: None,
            url: PLAIN.to_owned(),
            description: None,
            events: Vec::new(),
            headers: vec![("authorization".to_owned(), String::from_utf8_lossy(SECRET).into_owned())],
            secrets: vec![SigningSecret::read(WHSEC).unwrap()],
            notify_email: None,
            enabled: true,
            disabled: None,
            cursor: 0,
            failing_since: None,
            created_at: at(0),
            updated_at: at(0),
        };
        assert_eq!(Webhooks::insert(db, &webhook, 9).await.unwrap().as_ref(), Some(&webhook));
        assert!(Webhooks::update(db, &webhook).await.unwrap());
        Self { key, proxy, webhook }
    }

    /// Everything reads as it was written.
    async fn reads(&self, db: &Database) {
        let store = WaStore::new(db.clone(), self.key, 0);
        let secret = Some(SECRET.to_vec());
        assert_eq!(store.device().await.unwrap(), secret);
        assert_eq!(store.identity("628:1").await.unwrap(), secret);
        assert_eq!(store.signal_session("628:1").await.unwrap(), secret);
        let mut prekeys = store.prekeys(&[1, 300]).await.unwrap();
        prekeys.sort();
        assert_eq!(prekeys, [(1, SECRET.to_vec()), (300, SECRET.to_vec())]);
        assert_eq!(store.signed_prekeys().await.unwrap(), [(1, SECRET.to_vec())]);
        assert_eq!(store.signed_prekey(1).await.unwrap(), secret);
        assert_eq!(store.sender_key("g").await.unwrap(), secret);
        assert_eq!(store.sync_key(b"id").await.unwrap(), Some(sync_key()));
        assert_eq!(store.sync_version("regular").await.unwrap(), secret);
        let macs = store.mutation_macs("regular", [b"i".as_slice()]).await.unwrap();
        assert_eq!(macs.get(b"i".as_slice()), secret.as_ref());
        assert_eq!(store.base_key("628:1", "m").await.unwrap(), secret);
        assert_eq!(store.device_list("628").await.unwrap(), secret);
        assert_eq!(store.group("g").await.unwrap(), secret);
        assert_eq!(store.tc_token("j").await.unwrap(), Some(token()));
        assert_eq!(store.pending_inbound(PENDING).await.unwrap(), secret);
        let waiting = store.all_pending_inbound(9).await.unwrap();
        assert_eq!(waiting, [("s".to_owned(), "i".to_owned(), SECRET.to_vec())]);
        assert_eq!(store.message_secret("c", "s", "i").await.unwrap(), Some((SECRET.to_vec(), 5)));
        let session = Sessions::get(db, self.key.workspace, self.key.id).await.unwrap().unwrap();
        assert_eq!(session.proxy.as_ref(), Some(&self.proxy));
        let found = Webhooks::get(db, self.key.workspace, self.webhook.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&self.webhook));
        assert_eq!(
            Webhooks::list(db, self.key.workspace).await.unwrap().as_slice(),
            std::slice::from_ref(&self.webhook)
        );
    }
}

async fn fill(store: &WaStore) {
    store.put_device(SECRET).await.unwrap();
    store.put_identities([("628:1", SECRET)]).await.unwrap();
    store.put_sessions([("628:1", SECRET)]).await.unwrap();
    // more than one batch
    store.put_prekeys((1..=300).map(|id| (id, SECRET)), false).await.unwrap();
    store.put_signed_prekey(1, SECRET).await.unwrap();
    store.put_sender_keys([("g", SECRET)]).await.unwrap();
    store.put_sync_key(b"id", &sync_key()).await.unwrap();
    store.put_sync_version("regular", SECRET).await.unwrap();
    store.put_mutation_macs("regular", 1, [(b"i".as_slice(), SECRET)]).await.unwrap();
    store.put_base_key("628:1", "m", SECRET).await.unwrap();
    store.put_device_lists([("628", SECRET)]).await.unwrap();
    store.put_group("g", SECRET).await.unwrap();
    store.put_tc_token("j", &token()).await.unwrap();
    store.touch_tc_token("ours", 7).await.unwrap();
    store.put_sent_message("c", "m", SECRET).await.unwrap();
    store.put_pending_inbound([(PENDING, SECRET)]).await.unwrap();
    let secret =
        MessageSecret { chat: "c", sender: "s", id: "i", secret: SECRET, expires_secs: 0, parent_secs: 5 };
    store.put_message_secrets(&[secret]).await.unwrap();
}

fn sync_key() -> SyncKey {
    SyncKey { data: SECRET.to_vec(), fingerprint: SECRET.to_vec(), timestamp: 1 }
}

fn token() -> TcToken {
    TcToken { token: SECRET.to_vec(), token_secs: 1, sender_secs: None }
}

async fn one<T: sea_orm::TryGetable>(raw: &DatabaseConnection, sql: String) -> T {
    let select = Statement::from_string(raw.get_database_backend(), sql);
    raw.query_one_raw(select).await.unwrap().expect("a row").try_get_by_index(0).unwrap()
}

/// No sealed column shows what is in it, and none opens in another row.
pub(crate) async fn lies_sealed(db: &Database, url: &str) {
    let (tenant, other) = (Tenant::settle(db).await, Tenant::settle(db).await);
    tenant.reads(db).await;
    let raw = sea_orm::Database::connect(url).await.unwrap();
    let of_tenant = format!("workspace_id = '{}'", tenant.key.workspace);
    let webhook = |column: &str| format!("SELECT {column} FROM webhooks WHERE {of_tenant}");
    assert_eq!(one::<String>(&raw, webhook("url")).await, PLAIN);
    for column in ["secrets", "headers"] {
        let stored: String = one(&raw, webhook(column)).await;
        assert!(!stored.contains("whsec") && !stored.contains("known"), "{column}: {stored}");
    }
    let stored: Vec<u8> = one(&raw, format!("SELECT proxy FROM sessions WHERE {of_tenant}")).await;
    assert!(!stored.windows(5).any(|part| part == b"known" || part == b"proxy"), "sessions.proxy");
    let straight = RewriteSession { proxy: Some(None), ..RewriteSession::default() };
    let changed = Sessions::rewrite(db, other.key.workspace, other.key.id, &straight).await.unwrap().unwrap();
    assert_eq!(changed.proxy, None);
    for (table, column) in TABLES {
        let stored: Vec<u8> =
            one(&raw, format!("SELECT {column} FROM {table} WHERE {of_tenant} ORDER BY {column} DESC")).await;
        assert!(stored.len() > SECRET.len(), "{table} holds it");
        assert!(!stored.windows(8).any(|part| SECRET.windows(8).any(|known| known == part)), "{table}");
    }
    let theft =
        "UPDATE wa_identities SET record = (SELECT record FROM wa_identities WHERE session_id = '{theirs}')
        WHERE session_id = '{ours}'";
    let theft =
        theft.replace("{theirs}", &other.key.id.to_string()).replace("{ours}", &tenant.key.id.to_string());
    raw.execute_unprepared(&theft).await.unwrap();
    let moved = WaStore::new(db.clone(), tenant.key, 0).identity("628:1").await;
    assert!(moved.is_err(), "another tenant's: {moved:?}");
    let within = format!(
        "UPDATE wa_base_keys SET record = (SELECT record FROM wa_device_lists WHERE {of_tenant}) WHERE {of_tenant}"
    );
    raw.execute_unprepared(&within).await.unwrap();
    let moved = WaStore::new(db.clone(), tenant.key, 0).base_key("628:1", "m").await;
    assert!(matches!(moved, Err(PortError::Internal { .. })), "another table's: {moved:?}");
    for table in ["wa_identities", "wa_base_keys"] {
        raw.execute_unprepared(&format!("DELETE FROM {table} WHERE {of_tenant}")).await.unwrap();
    }
    raw.close().await.unwrap();
}

/// New keys, while another process with the same ring reads and writes; afterwards the old key of the ring is nobody's.
pub(crate) async fn gets_new_keys(url: &str) {
    let running = open(url, &[OLD, NEW]).await;
    let tenants = [Tenant::settle(&running).await, Tenant::settle(&running).await];
    let busy = stored_session(&running).await;
    let (signing, mail) = of_no_workspace(&running).await;
    let raw = sea_orm::Database::connect(url).await.unwrap();
    for column in ["private FROM signing_keys", "letter FROM outbox"] {
        let sealed: String = one(&raw, format!("SELECT {column}")).await;
        assert!(sealed.starts_with("old:") && !sealed.contains("known"), "{column}: {sealed}");
    }
    let rotating = open(url, &[NEW, OLD]).await;
    let done = AtomicBool::new(false);
    let written = async {
        let store = WaStore::new(running.clone(), busy, 0);
        let mut n = 0_u64;
        // at least one write comes after the last step
        loop {
            let last = done.load(Ordering::Acquire);
            n += 1;
            store.put_sessions([("a", n.to_be_bytes().as_slice())]).await.unwrap();
            store.put_sent_message("c", &n.to_string(), SECRET).await.unwrap();
            assert_eq!(store.signal_session("a").await.unwrap().as_deref(), Some(n.to_be_bytes().as_slice()));
            assert!(Webhooks::update(&running, &tenants[0].webhook).await.unwrap());
            tenants[1].reads(&running).await;
            if last {
                return n;
            }
        }
    };
    let steps = Mutex::new(Vec::new());
    let rotated = async {
        rotating.rotate_keys(&|step| steps.lock().unwrap().push(step)).await.unwrap();
        done.store(true, Ordering::Release);
    };
    let (written, ()) = futures::future::join(written, rotated).await;
    let steps = steps.into_inner().unwrap();
    assert_eq!(steps[0], Rotated::Wrapped { keys: 3, values: 2, by: "new".to_owned() });
    assert_eq!(steps.len(), 4, "{steps:?}");
    for step in &steps[1..] {
        assert!(matches!(step, Rotated::Workspace { left: false, deleted: 1, .. }), "{steps:?}");
    }

    running.close().await.unwrap();
    let later = open(url, &[NEW]).await;
    for tenant in &tenants {
        tenant.reads(&later).await;
    }
    assert_eq!(later.signing_keys().await.unwrap(), [signing]);
    let taken = MailQueue::take(&later, at(10), at(20), 9).await.unwrap();
    assert_eq!(taken.into_iter().map(|outgoing| outgoing.mail).collect::<Vec<_>>(), [mail]);
    let store = WaStore::new(later.clone(), busy, 0);
    assert_eq!(store.signal_session("a").await.unwrap(), Some(written.to_be_bytes().to_vec()));
    for n in 1..=written {
        assert!(store.take_sent_message("c", &n.to_string()).await.unwrap().is_some(), "{n} of {written}");
    }
    for keys in [[OLD], [OTHER_OLD]] {
        let refused = Database::open(url, &ring(&keys)).await.unwrap().migrate().await.unwrap_err();
        let PortError::Internal { source, .. } = refused else { panic!("{refused}") };
        assert!(source.to_string().contains("the key new is not in the ring"), "{source}");
        assert!(source.to_string().contains("encryption.keys"), "{source}");
    }
    let impostor = "new:b25lIGtleSBvZiAzMiBieXRlcywgYW5kIG9ubHkgb24=";
    let refused = Database::open(url, &ring(&[impostor])).await.unwrap().migrate().await;
    assert!(refused.is_err(), "the right id is not enough");
    // nobody has made keys of their own meanwhile
    later.migrate().await.unwrap();
    tenants[0].reads(&later).await;
    later.close().await.unwrap();
    rotating.close().await.unwrap();
}

/// A key that signs tokens and a mail with a link.
async fn of_no_workspace(db: &Database) -> (SigningKey, Mail) {
    let signing = SigningKey {
        kid: "kid".to_owned(),
        public: "public".to_owned(),
        private: Secret::from("known seed"),
        created_at: at(0),
        retired_at: None,
    };
    db.put_signing_key(&signing, at(-1), at(-1)).await.unwrap();
    let mail = Mail {
        id: id(),
        workspace: None,
        to: "ayu@example.com".to_owned(),
        letter: Letter::ResetPassword { link: "https://example.com/known".to_owned() },
        created_at: at(0),
    };
    Outbox::put(db, &mail).await.unwrap();
    (signing, mail)
}

/// However often it is cut short, what was sealed opens, and in the end one key is left.
pub(crate) async fn is_taken_up_where_it_stopped(url: &str) {
    let db = open(url, &[OLD]).await;
    let tenant = Tenant::settle(&db).await;
    let raw = sea_orm::Database::connect(url).await.unwrap();
    let keys = format!("SELECT COUNT(*) FROM data_keys WHERE workspace_id = '{}'", tenant.key.workspace);
    let mut polls = 1;
    let mut cut_with_two_keys = 0;
    while !finishes_within(polls, db.rotate_keys(&|_| {})).await {
        cut_with_two_keys += usize::from(one::<i64>(&raw, keys.clone()).await == 2);
        tenant.reads(&db).await;
        // one that sees no more than the record says, too
        let other = open(url, &[OLD]).await;
        tenant.reads(&other).await;
        other.close().await.unwrap();
        polls += 1 + polls / 4;
    }
    assert!(cut_with_two_keys > 0, "some were cut in the middle");
    assert_eq!(one::<i64>(&raw, keys).await, 1);
    tenant.reads(&db).await;
    raw.close().await.unwrap();
    db.close().await.unwrap();
}

/// Whether a future is done when it is polled so often; it is dropped otherwise.
async fn finishes_within(mut polls: usize, work: impl Future<Output = Result<(), PortError>>) -> bool {
    let mut work = pin!(work);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => {
            done.unwrap();
            Poll::Ready(true)
        }
        Poll::Pending if polls == 0 => Poll::Ready(false),
        Poll::Pending => {
            polls -= 1;
            Poll::Pending
        }
    })
    .await
}
