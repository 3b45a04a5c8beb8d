//! Whoever steals the database's files has no key of any account; and new keys come while everything runs.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use wagate_domain::{WorkspaceId, ports::Workspaces, sessions::SessionKey};
use wagate_infra::{
    config::Config,
    seal::{Ring, new_key},
    sql::{Database, wa::WaStore},
};
use wagate_tests::{Db, Endpoint, Phone, Stack};

const SHOP: &str = "6281200000001";
const AYU: &str = "6281234567890";
const SECRET: &str = "whsec_dGhlIHdlYmhvb2sncyBzZWNyZXQsIDMyIGJ5dGVzLi4=";
const PASSWORD: &str = "Bearer of-the-endpoint-itself";
/// Bytes by which a secret is looked for.
const PIECE: usize = 16;

/// A linked session that has exchanged messages, and a webhook.
struct Shop {
    stack: Stack,
    session: String,
    /// What the QR code held: public keys, and the secret of that one pairing. It is told to subscribers and void by now.
    told: Vec<Vec<u8>>,
    ayu: Phone,
    endpoint: Endpoint,
}

impl Shop {
    async fn open(db: Db) -> Self {
        let stack = Stack::start(db).await;
        let shop = stack.phone(SHOP, "Toko Kopi").await;
        let ayu = stack.phone(AYU, "Ayu").await;
        let session = stack.api().create_session().await;
        let qr = stack.api().qr(&session).await;
        let told = qr.split(',').filter_map(|part| STANDARD.decode(part).ok()).collect();
        shop.scan(&qr).await;
        stack.api().session_in(&session, "connected").await;
        let endpoint = Endpoint::start().await;
        let webhook = json!({
            "url": endpoint.url(),
            "events": ["message.received"],
            "headers": {"authorization": PASSWORD},
            "secret": SECRET,
        });
        stack.api().post("/api/v1/webhooks", &webhook).await.expect(201);
        let shop = Self { stack, session, told, ayu, endpoint };
        shop.exchanges("before").await;
        shop
    }

    /// A message each way, and the webhook hears of it under its own secret and header.
    async fn exchanges(&self, word: &str) {
        self.stack.api().text(&self.session, AYU, word).await;
        self.ayu.shows_text(word).await;
        let heard = self.endpoint.calls().len();
        self.ayu.write(SHOP, word).await;
        let calls = self.endpoint.called(heard + 1).await;
        let call = calls.last().expect("a call");
        assert_eq!(call.headers["authorization"], PASSWORD);
        let verifier = standardwebhooks::Webhook::new(SECRET).expect("a secret");
        verifier.verify(&call.bytes, &call.headers).expect("a good signature");
        assert_eq!(call.event()["data"]["message"]["text"]["body"], word);
    }

    /// Stops everything and starts it on the same data, with other ports.
    async fn starts_again(&mut self) {
        self.stack.restart().await;
        self.ayu = self.stack.phone(AYU, "Ayu").await;
        self.stack.api().session_in(&self.session, "connected").await;
    }

    fn config(&self) -> Config {
        Config { data_dir: self.stack.data().to_owned(), ..Config::default() }
    }

    async fn database(&self, ring: &Ring) -> Database {
        Database::open(&self.stack.database_url(), ring).await.expect("the database")
    }

    /// Secrets that are in use, as the store gives them to the session.
    async fn secrets(&self) -> Vec<Vec<u8>> {
        let db = self.database(&self.config().ring_or_kept().expect("the kept ring")).await;
        let workspace: WorkspaceId = Workspaces::list(&db).await.expect("workspaces")[0].id;
        let id = self.session.parse().expect("an id");
        let store = WaStore::new(db.clone(), SessionKey { workspace, id }, 0);
        let device = store.device().await.expect("a store").expect("a device");
        let ids: Vec<u32> = (1..=store.max_prekey_id().await.expect("a store")).collect();
        let mut secrets = vec![
            SECRET.as_bytes().to_vec(),
            STANDARD.decode(&SECRET[6..]).expect("base64"),
            PASSWORD.as_bytes().to_vec(),
        ];
        let device = serde_json::from_slice(&device).expect("a device is JSON");
        let before = secrets.len();
        keys_in(&device, &mut secrets);
        assert!(secrets.len() > before + 3, "the device's own keys: {}", secrets.len() - before);
        secrets.extend(store.signed_prekeys().await.expect("a store").into_iter().map(|(_, key)| key));
        secrets.extend(store.prekeys(&ids).await.expect("a store").into_iter().map(|(_, key)| key));
        db.close().await.expect("closed");
        assert!(secrets.len() > 20, "{} secrets are known", secrets.len());
        secrets
    }
}

/// Whatever in a device is written as a list of bytes, and in each of the usual ways as text.
fn keys_in(value: &Value, found: &mut Vec<Vec<u8>>) {
    match value {
        Value::Array(items) => {
            let byte = |item: &Value| item.as_u64().and_then(|number| u8::try_from(number).ok());
            match items.iter().map(byte).collect::<Option<Vec<u8>>>() {
                Some(bytes) => found.extend((bytes.len() >= 32).then_some(bytes)),
                None => items.iter().for_each(|item| keys_in(item, found)),
            }
        }
        Value::Object(fields) => fields.values().for_each(|item| keys_in(item, found)),
        Value::String(text) => {
            let bytes = hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok());
            found.extend(bytes.filter(|bytes| bytes.len() >= 32));
        }
        _ => {}
    }
}

/// Pieces of secrets as they would lie in a file: as they are, in hexadecimal, in base64.
fn needles(secrets: &[Vec<u8>]) -> HashSet<Vec<u8>> {
    let mut needles = HashSet::new();
    for secret in secrets {
        for piece in secret.windows(PIECE) {
            let different: HashSet<&u8> = piece.iter().collect();
            // fillers and text are no secret
            if different.len() < 12 || piece.iter().all(|byte| byte.is_ascii_digit() || *byte == 0) {
                continue;
            }
            needles.insert(piece.to_vec());
            needles.insert(hex::encode(piece).as_bytes()[..PIECE].to_vec());
            needles.insert(hex::encode_upper(piece).as_bytes()[..PIECE].to_vec());
            needles.insert(STANDARD.encode(&piece[..12]).into_bytes());
        }
    }
    needles
}

/// Files below a folder, but for those of the simulated network and the ring.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        let name = entry.file_name();
        if name == "sandbox" || name == "encryption-keys" {
            continue;
        }
        if entry.file_type().expect("a type").is_dir() {
            files(&path, found);
        } else if entry.file_type().expect("a type").is_file() {
            found.push(path);
        }
    }
}

/// Files that hold one of the needles, each with what it holds.
fn showing(files: &[PathBuf], needles: &HashSet<Vec<u8>>) -> Vec<String> {
    let begin =
        |piece: &[u8]| usize::from(piece[0]) << 16 | usize::from(piece[1]) << 8 | usize::from(piece[2]);
    // most places are told from all needles by three bytes
    let mut begins = vec![false; 1 << 24];
    needles.iter().for_each(|needle| begins[begin(needle)] = true);
    let shows = |path: &PathBuf| {
        // a running server's files come and go
        let bytes = fs::read(path).unwrap_or_default();
        let mut pieces = bytes.windows(PIECE);
        let piece = pieces.find(|piece| begins[begin(piece)] && needles.contains(*piece))?;
        Some(format!("{}: {}", path.display(), String::from_utf8_lossy(piece)))
    };
    files.iter().filter_map(shows).collect()
}

async fn the_files_open_nothing(db: Db) {
    let mut shop = Shop::open(db).await;
    let secrets = shop.secrets().await;
    // as a thief finds them, the write-ahead log beside the file; and once more after everything has stopped
    for stopped in [false, true] {
        if stopped {
            shop.stack.stop().await;
        }
        let mut found = Vec::new();
        for folder in shop.stack.folders() {
            files(&folder, &mut found);
        }
        let url = shop.endpoint.url().as_bytes();
        let plain = url[url.len() - PIECE..].to_vec();
        assert!(
            !showing(&found, &HashSet::from([plain])).is_empty(),
            "the search finds what is plain: {found:?}"
        );
        let sought = needles(&secrets).difference(&needles(&shop.told)).cloned().collect();
        let shown = showing(&found, &sought);
        assert!(shown.is_empty(), "secrets lie open in {shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_files_open_nothing() {
    the_files_open_nothing(Db::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_files_open_nothing() {
    the_files_open_nothing(Db::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_come_while_everything_runs() {
    let mut shop = Shop::open(Db::Sqlite).await;
    let file = shop.stack.data().join("encryption-keys");
    let old = fs::read_to_string(&file).expect("the ring").trim().to_owned();
    let new = new_key().expose().clone();
    // every process knows the new key before one of them seals with it
    fs::write(&file, format!("{old}\n{new}\n")).expect("written");
    shop.starts_again().await;
    shop.exchanges("with both").await;

    fs::write(&file, format!("{new}\n{old}\n")).expect("written");
    let db = shop.database(&shop.config().ring_or_kept().expect("a ring")).await;
    let rotated = db.rotate_keys(&|_| {});
    let (rotated, ()) = futures::future::join(rotated, shop.exchanges("meanwhile")).await;
    rotated.expect("rotated");
    db.close().await.expect("closed");
    shop.exchanges("after").await;

    fs::write(&file, format!("{new}\n")).expect("written");
    shop.starts_again().await;
    shop.exchanges("with the new one").await;

    // the old one opens nothing any more, and says so without making anything up
    shop.stack.stop().await;
    fs::write(&file, format!("{old}\n")).expect("written");
    let refused = shop.stack.try_boot().await.expect_err("refused");
    let id = new.split(':').next().expect("an id");
    assert!(format!("{refused:#}").contains(&format!("the key {id} is not in the ring")), "{refused:#}");
    assert_eq!(fs::read_to_string(&file).expect("the ring").trim(), old, "nobody has written another");
    fs::write(&file, format!("{new}\n")).expect("written");
    shop.starts_again().await;
    shop.exchanges("again").await;
}
