//! Channels and who follows them.

use anyhow::Result;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::State;

/// Tables of channels, their members and their posts.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS channels (
    id INTEGER PRIMARY KEY,
    created INTEGER NOT NULL,
    invite TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_changed INTEGER NOT NULL,
    description TEXT NOT NULL,
    description_changed INTEGER NOT NULL,
    picture TEXT,
    last_server_id INTEGER NOT NULL,
    deleted INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS channel_members (
    channel INTEGER NOT NULL,
    pn INTEGER NOT NULL,
    role INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    follower_muted INTEGER NOT NULL,
    admin_muted INTEGER NOT NULL,
    PRIMARY KEY (channel, pn)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS channel_members_by_pn ON channel_members (pn);
CREATE TABLE IF NOT EXISTS channel_admin_invites (
    channel INTEGER NOT NULL,
    pn INTEGER NOT NULL,
    PRIMARY KEY (channel, pn)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS channel_posts (
    channel INTEGER NOT NULL,
    server_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT,
    plaintext BLOB NOT NULL,
    extra BLOB NOT NULL,
    author INTEGER NOT NULL,
    time INTEGER NOT NULL,
    edits INTEGER NOT NULL,
    edited_ms INTEGER,
    revoked INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (channel, server_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS channel_posts_by_id ON channel_posts (channel, id);
CREATE TABLE IF NOT EXISTS channel_reactions (
    channel INTEGER NOT NULL,
    server_id INTEGER NOT NULL,
    pn INTEGER NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (channel, server_id, pn)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS channel_views (
    channel INTEGER NOT NULL,
    server_id INTEGER NOT NULL,
    pn INTEGER NOT NULL,
    PRIMARY KEY (channel, server_id, pn)
) WITHOUT ROWID;
";

/// What an account may do in a channel; each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Subscriber = 0,
    Admin = 1,
    Owner = 2,
}

impl Role {
    fn read(number: i64) -> Self {
        match number {
            2 => Self::Owner,
            1 => Self::Admin,
            _ => Self::Subscriber,
        }
    }
}

/// A text with the time of its last change in unix microseconds, which also names its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dated {
    pub(crate) text: String,
    pub(crate) changed: u64,
}

/// A channel that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    /// User part of its JID.
    pub(crate) id: u64,
    /// Unix time in seconds.
    pub(crate) created: u64,
    /// Code that finds it.
    pub(crate) invite: String,
    pub(crate) name: Dated,
    /// Empty text when there is none.
    pub(crate) description: Dated,
    /// Direct path of its picture.
    pub(crate) picture: Option<String>,
    /// Followers, admins and owner included.
    pub(crate) subscribers: u64,
}

/// An account that follows a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pn: u64,
    pub(crate) role: Role,
    /// `MUTE_FOLLOWER_ACTIVITY`.
    pub(crate) follower_muted: bool,
    /// `MUTE_ADMIN_ACTIVITY`.
    pub(crate) admin_muted: bool,
}

/// A setting of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mute {
    Follower,
    Admin,
}

macro_rules! channels {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.created, c.invite, c.name, c.name_changed, c.description, c.description_changed, \
             c.picture, (SELECT count(*) FROM channel_members m WHERE m.channel = c.id) FROM channels c ",
            $rest
        )
    };
}

impl State {
    /// Stores a new channel and its owner.
    pub(crate) async fn create_channel(&self, channel: Channel, owner: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT INTO channels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)")
                        .bind(channel.id.cast_signed())
                        .bind(channel.created.cast_signed())
                        .bind(channel.invite)
                        .bind(channel.name.text)
                        .bind(channel.name.changed.cast_signed())
                        .bind(channel.description.text)
                        .bind(channel.description.changed.cast_signed())
                        .bind(channel.picture)
                        .bind(super::channel_posts::FIRST_SERVER_ID - 1)
                        .execute(&mut *connection)
                        .await?;
                    put_member(connection, channel.id, owner, Role::Owner).await?;
                    Ok(())
                })
            })
            .await
    }

    /// A channel by the user part of its JID.
    pub(crate) async fn channel(&self, id: u64) -> Result<Option<Channel>> {
        let row = query(channels!("WHERE c.id = ? AND NOT c.deleted"))
            .bind(id.cast_signed())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(channel))
    }

    /// A channel by its invite code.
    pub(crate) async fn channel_by_invite(&self, code: &str) -> Result<Option<Channel>> {
        let row = query(channels!("WHERE c.invite = ? AND NOT c.deleted"))
            .bind(code)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(channel))
    }

    /// Channels that an account follows, in the order in which it came to them.
    pub(crate) async fn channels_of(&self, pn: u64) -> Result<Vec<Channel>> {
        let rows = query(channels!(
            "JOIN channel_members own ON own.channel = c.id WHERE own.pn = ? AND NOT c.deleted \
             ORDER BY own.joined, c.id"
        ))
        .bind(pn.cast_signed())
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(channel).collect())
    }

    /// Writes name, description and picture.
    pub(crate) async fn save_channel(&self, channel: Channel) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query(
                        "UPDATE channels SET name = ?, name_changed = ?, description = ?, \
                         description_changed = ?, picture = ? WHERE id = ?",
                    )
                    .bind(channel.name.text)
                    .bind(channel.name.changed.cast_signed())
                    .bind(channel.description.text)
                    .bind(channel.description.changed.cast_signed())
                    .bind(channel.picture)
                    .bind(channel.id.cast_signed())
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Deletes a channel with all it holds; its id stays taken.
    pub(crate) async fn delete_channel(&self, id: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    for sql in [
                        "UPDATE channels SET deleted = 1 WHERE id = ?",
                        "DELETE FROM channel_members WHERE channel = ?",
                        "DELETE FROM channel_admin_invites WHERE channel = ?",
                        "DELETE FROM channel_posts WHERE channel = ?",
                        "DELETE FROM channel_reactions WHERE channel = ?",
                        "DELETE FROM channel_views WHERE channel = ?",
                    ] {
                        query(sql).bind(id.cast_signed()).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// An account's place in a channel.
    pub(crate) async fn channel_member(&self, channel: u64, pn: u64) -> Result<Option<Member>> {
        let row = query(
            "SELECT pn, role, follower_muted, admin_muted FROM channel_members WHERE channel = ? AND pn = ?",
        )
        .bind(channel.cast_signed())
        .bind(pn.cast_signed())
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.as_ref().map(member))
    }

    /// Everybody who follows a channel.
    pub(crate) async fn channel_members(&self, channel: u64) -> Result<Vec<Member>> {
        let rows = query(
            "SELECT pn, role, follower_muted, admin_muted FROM channel_members WHERE channel = ? ORDER BY pn",
        )
        .bind(channel.cast_signed())
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(member).collect())
    }

    /// Adds a member or changes the role of one.
    pub(crate) async fn set_channel_role(&self, channel: u64, pn: u64, role: Role) -> Result<()> {
        self.journal.run(move |connection| Box::pin(put_member(connection, channel, pn, role))).await
    }

    /// Makes another member the owner; the one before becomes an admin.
    pub(crate) async fn change_channel_owner(&self, channel: u64, from: u64, to: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    put_member(connection, channel, from, Role::Admin).await?;
                    put_member(connection, channel, to, Role::Owner).await
                })
            })
            .await
    }

    /// Removes a member.
    pub(crate) async fn leave_channel(&self, channel: u64, pn: u64) -> Result<()> {
        self.pair("DELETE FROM channel_members WHERE channel = ? AND pn = ?", channel, pn).await.map(drop)
    }

    /// Sets a mute setting of a member.
    pub(crate) async fn mute_channel(&self, channel: u64, pn: u64, what: Mute, on: bool) -> Result<()> {
        let sql = match (what, on) {
            (Mute::Follower, true) => {
                "UPDATE channel_members SET follower_muted = 1 WHERE channel = ? AND pn = ?"
            }
            (Mute::Follower, false) => {
                "UPDATE channel_members SET follower_muted = 0 WHERE channel = ? AND pn = ?"
            }
            (Mute::Admin, true) => "UPDATE channel_members SET admin_muted = 1 WHERE channel = ? AND pn = ?",
            (Mute::Admin, false) => "UPDATE channel_members SET admin_muted = 0 WHERE channel = ? AND pn = ?",
        };
        self.pair(sql, channel, pn).await.map(drop)
    }

    /// Remembers that an account may become an admin.
    pub(crate) async fn invite_channel_admin(&self, channel: u64, pn: u64) -> Result<()> {
        self.pair("INSERT OR IGNORE INTO channel_admin_invites VALUES (?, ?)", channel, pn).await.map(drop)
    }

    /// Takes back what [`State::invite_channel_admin`] did; `false` when there was nothing.
    pub(crate) async fn take_channel_admin_invite(&self, channel: u64, pn: u64) -> Result<bool> {
        self.pair("DELETE FROM channel_admin_invites WHERE channel = ? AND pn = ?", channel, pn).await
    }

    /// Runs a statement on a channel and an account; `true` when it changed something.
    async fn pair(&self, sql: &'static str, channel: u64, pn: u64) -> Result<bool> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let done = query(sql)
                        .bind(channel.cast_signed())
                        .bind(pn.cast_signed())
                        .execute(connection)
                        .await?;
                    Ok(done.rows_affected() > 0)
                })
            })
            .await
    }
}

async fn put_member(connection: &mut SqliteConnection, channel: u64, pn: u64, role: Role) -> Result<()> {
    query(
        "INSERT INTO channel_members VALUES (?1, ?2, ?3, \
         (SELECT coalesce(max(joined), 0) + 1 FROM channel_members WHERE pn = ?2), 0, 0) \
         ON CONFLICT (channel, pn) DO UPDATE SET role = excluded.role",
    )
    .bind(channel.cast_signed())
    .bind(pn.cast_signed())
    .bind(role as i64)
    .execute(connection)
    .await?;
    Ok(())
}

fn channel(row: &SqliteRow) -> Channel {
    let number = |index: usize| row.get::<i64, _>(index).cast_unsigned();
    Channel {
        id: number(0),
        created: number(1),
        invite: row.get(2),
        name: Dated { text: row.get(3), changed: number(4) },
        description: Dated { text: row.get(5), changed: number(6) },
        picture: row.get(7),
        subscribers: number(8),
    }
}

fn member(row: &SqliteRow) -> Member {
    Member {
        pn: row.get::<i64, _>(0).cast_unsigned(),
        role: Role::read(row.get(1)),
        follower_muted: row.get(2),
        admin_muted: row.get(3),
    }
}
