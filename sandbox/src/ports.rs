//! The seam inside the sandbox: the network (wire, routing, queues) on one side,
//! simulated phones (device 0 of every account, real Signal endpoints) on the other.
//!
//! Neither side knows the other's types; both know these two traits. A phone never
//! touches a socket, the network never touches a private key.

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use wacore_binary::{Jid, Node};

/// Why one side could not do what the other asked.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// No such account, device, media object or pairing reference.
    #[error("not found: {0}")]
    NotFound(String),
    /// The request was understood and is refused (wrong code, expired reference, removed device …).
    #[error("refused: {0}")]
    Refused(String),
    /// Storage or cryptography failed; the text is for the operator's log.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// Result of a call across the seam.
pub type PortResult<T> = Result<T, PortError>;

/// What both sides know of an account. `pn` is the phone number's digits without `+`,
/// `lid` the digits of its LID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountInfo {
    /// Phone number, digits only.
    pub pn: String,
    /// LID user part, digits only.
    pub lid: String,
    /// Push name as the phone shows it.
    pub push_name: String,
    /// Public half of the account's identity key (32 bytes, no type prefix).
    pub identity: [u8; 32],
    /// ADV raw id: changes with the identity (a change means "identity reset" to clients).
    pub adv_raw_id: u32,
}

impl AccountInfo {
    /// Salt of the tokens with which the account's clients vouch for its first messages
    /// (`nctSalt` of history and app state). Derived, so that phone and network agree on it.
    #[must_use]
    pub fn nct_salt(&self) -> [u8; 32] {
        let digest = Sha256::new().chain_update(b"wagate sandbox nct salt").chain_update(self.identity);
        digest.finalize().into()
    }
}

/// A pre-key bundle of one device, as an `encrypt` query answers it.
#[derive(Debug, Clone)]
pub struct KeyBundle {
    /// Registration id of the device.
    pub registration_id: u32,
    /// Identity key, 32 bytes.
    pub identity: [u8; 32],
    /// Signed pre-key: id, public key, signature.
    pub signed_pre_key: (u32, [u8; 32], [u8; 64]),
    /// One-time pre-key, handed out once; `None` when the device has none left.
    pub one_time: Option<(u32, [u8; 32])>,
    /// `ADVSignedDeviceIdentity` of a companion (protobuf bytes); `None` for device 0.
    pub device_identity: Option<Bytes>,
}

/// A linked companion as the device list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Companion {
    /// Device id, 1 and up, never reused.
    pub device: u16,
    /// ADV key index, 1 and up, never reused.
    pub key_index: u32,
}

/// What a companion showed while asking to be linked.
#[derive(Debug, Clone)]
pub struct PairingRequest {
    /// Companion's identity key (eIdent), 32 bytes.
    pub identity: [u8; 32],
    /// Its Noise static public key, 32 bytes.
    pub noise: [u8; 32],
    /// Registration id from its registration payload.
    pub registration_id: u32,
    /// Signed pre-key from its registration payload: id, public key, signature.
    pub signed_pre_key: (u32, [u8; 32], [u8; 64]),
    /// Device id and key index the network has reserved for it.
    pub slot: Companion,
    /// `DeviceProps` (protobuf bytes) from its registration payload: which history it wants.
    pub device_props: Bytes,
}

/// A companion's first step of pairing by code (protocol section "pair-code").
#[derive(Debug, Clone)]
pub struct CodeHello {
    /// Opaque reference that ties the three stages together.
    pub reference: Bytes,
    /// 80 bytes: salt 32, iv 16, AES-256-CTR of the companion's ephemeral public key.
    pub wrapped_ephemeral: Bytes,
}

/// A companion's last step of pairing by code.
#[derive(Debug, Clone)]
pub struct CodeFinish {
    /// The reference of the hello.
    pub reference: Bytes,
    /// `link_code_pairing_wrapped_key_bundle`: salt 32, iv 12, AES-256-GCM ciphertext.
    pub wrapped_bundle: Bytes,
    /// Companion's identity key as sent in clear.
    pub identity: [u8; 32],
}

/// What the phone answers to a [`CodeHello`] once its user has typed the code.
#[derive(Debug, Clone)]
pub struct CodePrimaryHello {
    /// 80 bytes: salt 32, iv 16, AES-256-CTR of the phone's ephemeral public key.
    pub wrapped_ephemeral: Bytes,
    /// The account's identity key.
    pub identity: [u8; 32],
}

/// An app-state patch as the network keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppStatePatch {
    /// Version of the collection with this patch.
    pub version: u64,
    /// Device that made it; 0 is the phone.
    pub device: u16,
    /// `SyncdPatch` (protobuf bytes) with its version.
    pub patch: Bytes,
}

/// What a companion asks its phone for at the end of linking by passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRequest {
    /// Its Noise static public key.
    pub noise: [u8; 32],
    /// Its identity key.
    pub identity: [u8; 32],
    /// The ADV secret that it has chosen.
    pub adv_secret: [u8; 32],
}

/// The phone's side of one exchange by passkey (protocol section "passkey").
pub trait PasskeySession: Send + Sync {
    /// `PrimaryEphemeralIdentity` (protobuf bytes) for the companion.
    fn primary_identity(&self) -> Bytes;

    /// The code that both sides show. `Refused` when the nonce is not what the companion has
    /// committed itself to.
    fn reveal(&self, companion_nonce: &[u8; 32]) -> PortResult<String>;

    /// Opens the companion's `EncryptedPairingRequest` (protobuf bytes).
    fn open(&self, sealed: &[u8]) -> PortResult<PasskeyRequest>;
}

/// A linked companion, addressed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CompanionAddress {
    /// Account's phone number, digits.
    pub pn: String,
    /// Device id.
    pub device: u16,
}

/// The network as a simulated phone sees it.
#[async_trait]
pub trait Network: Send + Sync {
    /// Puts a stanza of the phone (`message`, `receipt`, `presence`, `chatstate`, `call`)
    /// on the wire exactly as if device 0 had sent it over its own socket; the answer is
    /// the server's `<ack>` where the stanza gets one. `to` is addressed as a client would.
    async fn submit(&self, pn: &str, stanza: Node) -> PortResult<Option<Node>>;

    /// Asks the server something (`<iq type=get|set>`) as device 0 would over its own socket;
    /// returns the answer, `type=result` or `type=error`.
    async fn query(&self, pn: &str, iq: Node) -> PortResult<Node>;

    /// All devices of a user (PN or LID, device part ignored), device 0 included, as JIDs in
    /// the addressing of `user`. Creates the account when numbers are created on demand.
    async fn devices(&self, user: &Jid) -> PortResult<Vec<Jid>>;

    /// The phone's user has saved a contact, which privacy settings may let in.
    async fn save_contact(&self, pn: &str, contact: &str) -> PortResult<()>;

    /// Accounts that this one has written with, or one of the two has saved the other.
    async fn acquaintances(&self, pn: &str) -> PortResult<Vec<AccountInfo>>;

    /// The phone has changed what [`Phones::find`] answers for its number: its keys, or whether
    /// the number is on WhatsApp at all.
    async fn account_changed(&self, pn: &str) -> PortResult<()>;

    /// The phone has another number, under which [`Phones::find`] knows it already.
    async fn change_number(&self, old: &str, new: &str) -> PortResult<()>;

    /// Takes a pre-key bundle of a device; consumes one one-time key.
    async fn take_bundle(&self, device: &Jid) -> PortResult<KeyBundle>;

    /// The account behind a PN or LID, if it exists on this network.
    async fn account(&self, user: &Jid) -> PortResult<Option<AccountInfo>>;

    /// A companion waits for a QR scan under this reference (first field of the QR string).
    /// The network allots the slot, asks the phone to sign (through [`Phones::sign_companion`]),
    /// sends `pair-success` and, when the companion has countersigned, stores the device and
    /// restarts the stream. Returns when the companion's signature has been stored.
    async fn link_by_qr(
        &self,
        pn: &str,
        reference: &str,
        adv_secret: [u8; 32],
    ) -> PortResult<CompanionAddress>;

    /// The code that a companion shows was typed on the phone `pn`: runs the remaining stages.
    async fn link_by_code(&self, pn: &str, code: &str) -> PortResult<CompanionAddress>;

    /// While a companion is linked by passkey: the code that it shows, as the phone's user reads
    /// it. `Refused` when the phone shows another one, which ends the link.
    async fn approve_passkey(&self, pn: &str, code: &str) -> PortResult<()>;

    /// Companions that show a code for this number are told to ask for a new one.
    async fn refresh_codes(&self, pn: &str) -> PortResult<()>;

    /// The companion that shows this reference in a QR code is told to choose a new ADV secret.
    async fn refresh_registration(&self, reference: &str) -> PortResult<()>;

    /// Unlinks a companion from the phone's side.
    async fn unlink(&self, pn: &str, device: u16) -> PortResult<()>;

    /// Companions linked to an account.
    async fn companions(&self, pn: &str) -> PortResult<Vec<Companion>>;

    /// Appends a patch (`SyncdPatch` protobuf bytes, `version` already set to `base + 1`) made by
    /// the phone to an app-state collection and notifies companions. `Refused` when the collection
    /// has moved past `base`.
    async fn push_app_state(&self, pn: &str, collection: &str, base: u64, patch: Bytes) -> PortResult<u64>;

    /// Patches of an app-state collection after version `after`, in order.
    async fn app_state(&self, pn: &str, collection: &str, after: u64) -> PortResult<Vec<AppStatePatch>>;

    /// Keeps a snapshot (`ExternalBlobReference` protobuf bytes) of a collection at `version` for
    /// devices that start from nothing; older patches may be dropped.
    async fn save_snapshot(
        &self,
        pn: &str,
        collection: &str,
        version: u64,
        reference: Bytes,
    ) -> PortResult<()>;

    /// Stores an encrypted media object (ciphertext and 10-byte MAC) as an upload would and
    /// returns its `(url, direct_path)`.
    async fn upload_media(&self, kind: &str, body: Bytes) -> PortResult<(String, String)>;

    /// Uploads an object that the phone has a copy of once more and returns its `(url, direct_path)`,
    /// which are others when it had expired.
    async fn renew_media(&self, direct_path: &str) -> PortResult<(String, String)>;

    /// Lets an object expire: clients are told that its address is gone. Phones, which keep what
    /// they have sent and seen, read on.
    async fn expire_media(&self, direct_path: &str) -> PortResult<()>;

    /// Queues a notification that the phone has made for one of its account's companions.
    async fn tell_companion(&self, companion: &CompanionAddress, notification: Node) -> PortResult<()>;

    /// Opens an encrypted media object by its direct path, for reading where blocking is allowed.
    async fn open_media(&self, direct_path: &str) -> PortResult<Box<dyn std::io::Read + Send>>;

    /// Reads an encrypted media object by its direct path into memory.
    async fn download_media(&self, direct_path: &str) -> PortResult<Bytes>;
}

/// The simulated phones as the network sees them.
#[async_trait]
pub trait Phones: Send + Sync {
    /// The phone of this number, made (with fresh keys) and stored when it does not exist yet.
    /// `push_name` is used only when it is made; a name is invented when `None`.
    async fn ensure(&self, pn: &str, push_name: Option<&str>) -> PortResult<AccountInfo>;

    /// The phone of this number or LID, when it exists.
    async fn find(&self, pn_or_lid: &str) -> PortResult<Option<AccountInfo>>;

    /// How many phones there are.
    fn population(&self) -> usize;

    /// A stanza for device 0 (from `Network`'s routing): decrypt, show, answer with receipts.
    /// The phone acknowledges by submitting a receipt; returning `Ok` takes it off the queue.
    async fn deliver(&self, pn: &str, stanza: Node) -> PortResult<()>;

    /// Something that passes and is not queued: presence or a chat state of another account, by
    /// number. Must not block.
    fn observe(&self, pn: &str, stanza: &Node);

    /// Pre-key bundle of the phone itself; consumes one one-time key.
    async fn take_bundle(&self, pn: &str) -> PortResult<KeyBundle>;

    /// Signs a companion: returns the `ADVSignedDeviceIdentityHMAC` container for `pair-success`.
    async fn sign_companion(
        &self,
        pn: &str,
        request: &PairingRequest,
        adv_secret: [u8; 32],
    ) -> PortResult<Bytes>;

    /// Signs the account's key index list: `ADVSignedKeyIndexList` protobuf bytes.
    /// `ts` is in unix seconds, `current` the highest index ever used.
    async fn sign_key_index_list(&self, pn: &str, ts: u64, current: u32, valid: &[u32]) -> PortResult<Bytes>;

    /// Second stage of pairing by code. `Refused` when the code cannot be right.
    async fn code_primary_hello(
        &self,
        pn: &str,
        code: &str,
        hello: &CodeHello,
    ) -> PortResult<CodePrimaryHello>;

    /// Third stage: opens the bundle, checks both identities, derives the ADV secret.
    async fn code_finish(&self, pn: &str, finish: &CodeFinish) -> PortResult<[u8; 32]>;

    /// Begins linking by passkey with what a companion commits itself to (`ProloguePayload`,
    /// protobuf bytes).
    async fn passkey_session(&self, pn: &str, prologue: Bytes) -> PortResult<Box<dyn PasskeySession>>;

    /// A companion has logged in and uploaded its first pre-keys: send key share, push name
    /// (app state) and initial history as peer messages (protocol section "phone bootstrap").
    async fn companion_ready(&self, companion: &CompanionAddress, request: &PairingRequest)
    -> PortResult<()>;

    /// A companion was unlinked (from either side): forget its Signal session.
    async fn companion_gone(&self, companion: &CompanionAddress) -> PortResult<()>;
}
