//! What a client can be asked.

use serde::Serialize;

use crate::{Act, Change, File, Said, Setting};

/// Something for a client to do. JIDs are strings as the libraries print them.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Connect with the credentials it has, or show QR codes when it has none. A client that is connected opens a
    /// second connection.
    Open,
    /// Disconnect; the credentials stay.
    Close,
    /// Lose the connection without a word, as when the network fails; then come back as an app would.
    Drop,
    /// Unlink this device and disconnect.
    Logout,
    /// Ask for a pairing code for a number: answers `{code}`.
    PairingCode {
        /// Digits.
        number: String,
    },
    /// Send a message: answers `{id}`.
    Send {
        /// Chat.
        to: String,
        /// Content.
        said: Said,
    },
    /// Send a protobuf `Message` as it is: answers `{id}`.
    SendRaw {
        /// Chat.
        to: String,
        /// The message, base64.
        body: String,
    },
    /// Fetch the file of a message it has shown: answers `{sha256, size}` of the plain bytes.
    Download {
        /// The message.
        id: String,
    },
    /// Ask the phone for messages of a chat that are older than what this client has; they come as history.
    Older {
        /// The chat.
        chat: String,
        /// The oldest message that the client has.
        id: String,
        /// Whether this account wrote it.
        from_me: bool,
        /// When, unix seconds.
        at: i64,
        /// How many to send.
        count: i32,
    },
    /// Say that messages were read.
    Read {
        /// The messages, all of one chat and sender.
        ids: Vec<String>,
    },
    /// Say that a voice message was listened to.
    Played {
        /// The message.
        id: String,
    },
    /// Vote in a poll it has shown.
    Vote {
        /// The poll.
        poll: String,
        /// Options voted for.
        options: Vec<String>,
    },
    /// Count the votes of a poll it has made: answers `{options: {name: [JID]}}`.
    Tally {
        /// The poll.
        poll: String,
    },
    /// Be here or not.
    Presence {
        /// Whether.
        available: bool,
    },
    /// Be told when somebody comes and goes.
    Subscribe {
        /// Who.
        who: String,
    },
    /// Show that one writes.
    Typing {
        /// Chat.
        to: String,
        /// `composing`, `recording` or `paused`.
        doing: String,
    },
    /// Change a chat, for all devices of the account.
    Change {
        /// The chat.
        chat: String,
        /// The change.
        change: Change,
    },
    /// Take a name.
    SetName {
        /// The name.
        name: String,
    },
    /// Say something about oneself.
    SetAbout {
        /// The text.
        text: String,
    },
    /// Ask what somebody says about themselves: answers `{text}`.
    About {
        /// Who.
        who: String,
    },
    /// Show a picture, or none any more.
    SetPicture {
        /// Oneself, or a group.
        of: String,
        /// A JPEG.
        file: Option<File>,
    },
    /// Fetch somebody's or a group's picture: answers `{sha256}`.
    Picture {
        /// Whose.
        of: String,
    },
    /// Block somebody, or no longer.
    Block {
        /// Who.
        who: String,
        /// Whether.
        on: bool,
    },
    /// Ask who is blocked: answers `{who}`, JIDs.
    Blocked,
    /// Ask for the privacy settings: answers `{settings}`.
    Privacy,
    /// Change a privacy setting.
    SetPrivacy {
        /// WhatsApp's name of it.
        setting: String,
        /// WhatsApp's word for the value.
        value: String,
    },
    /// Let messages of new chats disappear.
    SetDisappearing {
        /// After so many seconds; 0 for never.
        seconds: u32,
    },
    /// Ask after how long somebody's messages of new chats disappear: answers `{seconds}`, 0 for never.
    Disappearing {
        /// Who.
        who: String,
    },
    /// Make a group: answers `{group}`, a JID.
    NewGroup {
        /// Name.
        subject: String,
        /// The other members.
        members: Vec<String>,
    },
    /// Describe a group: answers a [`crate::Group`].
    Group {
        /// The group.
        group: String,
    },
    /// Name all groups this account is in: answers `{groups}`.
    Groups,
    /// Change a setting of a group.
    SetGroup {
        /// The group.
        group: String,
        /// The setting.
        setting: Setting,
    },
    /// Change who is in a group as what: answers `{refused: [{who, code}]}`.
    Members {
        /// The group.
        group: String,
        /// What to do.
        act: Act,
        /// With whom.
        who: Vec<String>,
    },
    /// Leave a group.
    Leave {
        /// The group.
        group: String,
    },
    /// The code of a group's invitation: answers `{code}`.
    Invite {
        /// The group.
        group: String,
        /// Whether the one before becomes void.
        fresh: bool,
    },
    /// Describe the group that a code invites to: answers a [`crate::Group`].
    Invited {
        /// The code.
        code: String,
    },
    /// Join a group by code: answers `{group, waits}`.
    Join {
        /// The code.
        code: String,
    },
    /// Ask who wants to join: answers `{who}`.
    Requests {
        /// The group.
        group: String,
    },
    /// Let somebody in who wants to join, or not.
    Decide {
        /// The group.
        group: String,
        /// Who.
        who: Vec<String>,
        /// Whether.
        admit: bool,
    },
    /// Make a community that is joined with an admin's consent, with a general chat: answers `{group}`, a JID.
    NewCommunity {
        /// Name.
        subject: String,
    },
    /// Name all communities this account is in: answers `{groups}`.
    Communities,
    /// Name the groups of a community: answers `{groups}`.
    Subgroups {
        /// The community.
        community: String,
    },
    /// Make a group of a community: answers `{group}`, a JID.
    NewSubgroup {
        /// The community.
        community: String,
        /// Name.
        subject: String,
        /// The other members.
        members: Vec<String>,
    },
    /// Put a group into a community, or take it out; who was in it stays in the community.
    Link {
        /// The community.
        community: String,
        /// The group.
        group: String,
        /// Whether.
        on: bool,
    },
    /// Join a group of a community this account is in.
    JoinSubgroup {
        /// The community.
        community: String,
        /// The group.
        group: String,
    },
    /// Post a status: answers `{id}`.
    PostStatus {
        /// For whom.
        to: Vec<String>,
        /// Content.
        said: Said,
    },
    /// Make a channel: answers `{channel}`, a JID.
    NewChannel {
        /// Name.
        name: String,
        /// What it is about.
        description: String,
    },
    /// Describe a channel: answers `{name, description, subscribers, role}`.
    Channel {
        /// The channel.
        channel: String,
    },
    /// Follow a channel, or no longer.
    Follow {
        /// The channel.
        channel: String,
        /// Whether.
        on: bool,
    },
    /// Take another name for a channel.
    RenameChannel {
        /// The channel.
        channel: String,
        /// The name.
        name: String,
    },
    /// Fetch the newest posts of a channel: answers `{posts: [{id, number, reactions: {emoji: count}}]}`.
    Posts {
        /// The channel.
        channel: String,
        /// How many.
        count: u32,
    },
    /// React to a post; an empty emoji takes it back.
    ReactToPost {
        /// The channel.
        channel: String,
        /// The server's number of the post.
        number: u64,
        /// The emoji.
        emoji: String,
    },
    /// Reject a call.
    RejectCall {
        /// The call.
        call: String,
        /// Who calls, a JID with device.
        from: String,
    },
    /// Lose the Signal sessions with somebody's devices.
    ForgetSessions {
        /// All their JIDs.
        who: Vec<String>,
    },
    /// Lose what opens the messages of a group.
    ForgetSenderKeys {
        /// The group.
        group: String,
        /// All JIDs of who wrote them.
        who: Vec<String>,
    },
    /// Ask which numbers are on WhatsApp: answers `{found: [{jid, lid}]}`.
    OnWhatsApp {
        /// Digits.
        numbers: Vec<String>,
    },
}
