//! One event.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wacore::xml::DisplayableNode;
use wacore_binary::Node;

use crate::nodes::text;
use crate::state::DeviceKey;

/// Which way a stanza or a file goes, seen from the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a client or a phone; an upload.
    In,
    /// To a client or a phone; a download.
    Out,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A socket was accepted.
    Connected,
    /// The Noise handshake is done; `detail` names its pattern.
    Handshake,
    /// A companion waits to be linked.
    Pairing,
    /// A linked device has logged in.
    Login,
    /// A login was refused; `detail` says why.
    Refused,
    /// A connection has ended; `detail` says why.
    Closed,
    /// A stanza, before any fault has changed it.
    Stanza,
    /// A fault was applied.
    Fault,
    /// A full queue has dropped its oldest stanzas.
    QueueDrop,
    /// A file was asked for or offered.
    Media,
    /// A phone went offline or came back.
    Phone,
    /// A restriction of an account has begun or ended.
    Restriction,
    /// Time was made to pass.
    Time,
}

/// A stanza in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct StanzaSummary {
    /// Tag.
    pub tag: String,
    /// Attribute `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Attribute `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Attribute `xmlns` of an IQ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xmlns: Option<String>,
    /// Attribute `class` of an ack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Attribute `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Attribute `to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Attribute `error` of an ack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Bytes on the wire before encryption; absent between the network and a phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// The whole stanza as text, when the trace records that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl StanzaSummary {
    pub(crate) fn of(node: &Node, bytes: Option<usize>, whole: bool) -> Self {
        Self {
            tag: node.tag.to_string(),
            id: text(node, "id"),
            r#type: text(node, "type"),
            xmlns: text(node, "xmlns"),
            class: text(node, "class"),
            from: text(node, "from"),
            to: text(node, "to"),
            error: text(node, "error"),
            bytes,
            node: whole.then(|| DisplayableNode(node).to_string()),
        }
    }
}

/// A fault at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FaultApplied {
    /// Number of the fault; 0 is the weather.
    pub id: u64,
    /// Kind of its effect.
    pub effect: String,
}

/// One event; what does not apply is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Event {
    /// Place in the order of all events, from 1.
    pub seq: u64,
    /// Unix time in milliseconds on the network's clock.
    pub at: u64,
    /// What happened.
    pub kind: EventKind,
    /// Connection, when it was on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// Phone number digits of the account, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Device of the account; 0 is the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<u16>,
    /// Way of a stanza or file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The stanza, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stanza: Option<Box<StanzaSummary>>,
    /// The fault, when one was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultApplied>,
    /// More, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Event {
    /// An event of this kind; number and time come with recording.
    pub(crate) fn new(kind: EventKind) -> Self {
        Self {
            seq: 0,
            at: 0,
            kind,
            connection: None,
            number: None,
            device: None,
            direction: None,
            stanza: None,
            fault: None,
            detail: None,
        }
    }

    pub(crate) fn on(mut self, connection: Option<u64>) -> Self {
        self.connection = connection;
        self
    }

    pub(crate) fn of(mut self, device: Option<DeviceKey>) -> Self {
        self.number = device.map(|device| device.pn);
        self.device = device.map(|device| device.device);
        self
    }

    pub(crate) fn way(mut self, direction: Direction) -> Self {
        self.direction = Some(direction);
        self
    }

    pub(crate) fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
