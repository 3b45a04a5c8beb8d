//! What a message says: the same words for what is sent and for what is shown.

mod read;

use serde::Serialize;

/// A message as a person sees it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Said {
    /// The content.
    #[serde(flatten)]
    pub what: What,
    /// Id of the message answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted: Option<String>,
    /// Who is mentioned, JIDs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// Whether it says that it was forwarded.
    pub forwarded: bool,
    /// Whether it may be looked at once only.
    pub view_once: bool,
    /// Seconds until it disappears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<u32>,
}

/// The content of a message. Messages that refer to another one name its id.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields are the words of the apps")]
pub enum What {
    Text {
        body: String,
    },
    Link {
        body: String,
        url: String,
        title: String,
        description: String,
    },
    Image {
        file: File,
        caption: String,
    },
    Video {
        file: File,
        caption: String,
        gif: bool,
    },
    VideoNote {
        file: File,
    },
    Audio {
        file: File,
        voice: bool,
        seconds: u32,
    },
    Document {
        file: File,
        name: String,
        caption: String,
    },
    Sticker {
        file: File,
        animated: bool,
    },
    Location {
        latitude: f64,
        longitude: f64,
        name: String,
        address: String,
    },
    LiveLocation {
        latitude: f64,
        longitude: f64,
        caption: String,
        sequence: i64,
    },
    Contacts {
        cards: Vec<Card>,
    },
    Poll {
        name: String,
        options: Vec<String>,
        selectable: u32,
    },
    Event {
        name: String,
        description: String,
        start: i64,
    },
    Invite {
        group: String,
        code: String,
        name: String,
        caption: String,
        until: i64,
    },
    Album {
        images: u32,
        videos: u32,
    },
    Reaction {
        to: String,
        emoji: String,
    },
    Edit {
        of: String,
        body: String,
    },
    Revoke {
        of: String,
    },
    Pin {
        of: String,
        pinned: bool,
    },
    Keep {
        of: String,
        kept: bool,
    },
    /// A vote; what was voted for is encrypted.
    Vote {
        poll: String,
    },
    /// An answer to an event, encrypted.
    Answer {
        event: String,
    },
    /// New messages of this chat disappear after so many seconds.
    Disappearing {
        seconds: u32,
    },
    /// Something that has no words here: the protobuf fields that are set.
    Other {
        fields: Vec<String>,
    },
}

/// A file that belongs to a message. It lies on the stage under its checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// SHA-256 of the plain bytes, hexadecimal.
    pub sha256: String,
    /// Number of plain bytes.
    pub size: u64,
    /// MIME type as declared.
    pub mimetype: String,
}

/// A contact card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    /// Shown name.
    pub name: String,
    /// The vCard.
    pub vcard: String,
}

impl Default for What {
    fn default() -> Self {
        Self::Text { body: String::new() }
    }
}

impl From<What> for Said {
    fn from(what: What) -> Self {
        Self { what, ..Self::default() }
    }
}

impl From<&str> for Said {
    fn from(body: &str) -> Self {
        What::Text { body: body.to_owned() }.into()
    }
}

impl Said {
    /// The same, as an answer to a message.
    #[must_use]
    pub fn answering(mut self, id: &str) -> Self {
        self.quoted = Some(id.to_owned());
        self
    }

    /// The same, mentioning somebody.
    #[must_use]
    pub fn mentioning(mut self, jid: &str) -> Self {
        self.mentions.push(jid.to_owned());
        self
    }
}
