//! Posts of channels, with their reactions and views.

use anyhow::Result;
use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::State;

/// Some clients take ids below this for none at all.
pub(super) const FIRST_SERVER_ID: i64 = 100;

/// A post as its author sent it.
#[derive(Debug, Clone)]
pub(crate) struct NewPost {
    pub(crate) channel: u64,
    /// Stanza id.
    pub(crate) id: String,
    pub(crate) body: PostBody,
    pub(crate) author: u64,
    /// Unix time in seconds.
    pub(crate) time: u64,
}

/// What a post says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostBody {
    /// `type` of the stanza.
    pub(crate) kind: String,
    /// `mediatype` of the plaintext.
    pub(crate) media_type: Option<String>,
    /// `Message` protobuf bytes; empty when revoked.
    pub(crate) plaintext: Bytes,
    /// A stanza in stored form whose children stand beside the plaintext.
    pub(crate) extra: Bytes,
}

/// A post as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) server_id: u64,
    pub(crate) id: String,
    pub(crate) body: PostBody,
    pub(crate) author: u64,
    pub(crate) time: u64,
    /// How often it was edited or revoked.
    pub(crate) edits: u32,
    /// Unix time of the last edit in milliseconds.
    pub(crate) edited_ms: Option<u64>,
    pub(crate) revoked: bool,
}

/// A post with what others did to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostState {
    pub(crate) post: Post,
    /// Reaction and how many gave it, the most frequent first.
    pub(crate) reactions: Vec<(String, u64)>,
    /// Accounts that have seen it.
    pub(crate) views: u64,
}

/// A page of posts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Page {
    /// The newest in front of a server id, or of the end.
    Before(Option<u64>),
    /// The oldest behind a server id that have changed since a unix time in seconds.
    Changed { after: u64, since: u64 },
}

macro_rules! posts {
    ($rest:literal) => {
        concat!(
            "SELECT server_id, id, kind, media_type, plaintext, extra, author, time, edits, edited_ms, revoked \
             FROM channel_posts ",
            $rest
        )
    };
}

impl State {
    /// Gives a post the next server id. A post that was sent before keeps its own.
    pub(crate) async fn publish(&self, new: NewPost) -> Result<Post> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    if let Some(known) = find(connection, new.channel, &new.id).await? {
                        return Ok(known);
                    }
                    let channel = new.channel.cast_signed();
                    let server_id: i64 = query(
                        "UPDATE channels SET last_server_id = last_server_id + 1 WHERE id = ? RETURNING last_server_id",
                    )
                    .bind(channel)
                    .fetch_one(&mut *connection)
                    .await?
                    .get(0);
                    insert(connection, server_id, &new).await?;
                    Ok(Post {
                        server_id: server_id.cast_unsigned(),
                        id: new.id,
                        body: new.body,
                        author: new.author,
                        time: new.time,
                        edits: 0,
                        edited_ms: None,
                        revoked: false,
                    })
                })
            })
            .await
    }

    /// Replaces what a post says, or with `None` revokes it. An edit that changes nothing, and an
    /// edit of a revoked post, leave it as it is. `None` when there is no such post.
    pub(crate) async fn edit_post(
        &self,
        channel: u64,
        id: String,
        body: Option<PostBody>,
        now_ms: u64,
    ) -> Result<Option<Post>> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let Some(mut post) = find(connection, channel, &id).await? else { return Ok(None) };
                    let same = body.as_ref().is_some_and(|body| *body == post.body);
                    if post.revoked || same {
                        return Ok(Some(post));
                    }
                    post.revoked = body.is_none();
                    post.body = body.unwrap_or_else(|| PostBody {
                        plaintext: Bytes::new(),
                        media_type: None,
                        ..post.body.clone()
                    });
                    post.edits += 1;
                    post.edited_ms = Some(now_ms);
                    update(connection, channel, &post).await?;
                    Ok(Some(post))
                })
            })
            .await
    }

    /// Sets or removes an account's reaction; `false` when there is no such post.
    pub(crate) async fn react(
        &self,
        channel: u64,
        server_id: u64,
        pn: u64,
        code: Option<String>,
        now: u64,
    ) -> Result<bool> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    if !touch(connection, channel, server_id, now).await? {
                        return Ok(false);
                    }
                    let (post, account) = (server_id.cast_signed(), pn.cast_signed());
                    let statement = match code {
                        Some(code) => query("INSERT OR REPLACE INTO channel_reactions (code, channel, server_id, pn) VALUES (?, ?, ?, ?)").bind(code),
                        None => query("DELETE FROM channel_reactions WHERE channel = ? AND server_id = ? AND pn = ?"),
                    };
                    statement.bind(channel.cast_signed()).bind(post).bind(account).execute(connection).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Counts an account as having seen a post, named by stanza id or server id; the answer is
    /// the post's server id when it was not counted before.
    pub(crate) async fn view_post(
        &self,
        channel: u64,
        name: String,
        pn: u64,
        now: u64,
    ) -> Result<Option<u64>> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let row = query(
                        "INSERT OR IGNORE INTO channel_views SELECT channel, server_id, ?1 FROM channel_posts \
                         WHERE channel = ?2 AND (id = ?3 OR server_id = CAST(?3 AS INTEGER)) RETURNING server_id",
                    )
                    .bind(pn.cast_signed())
                    .bind(channel.cast_signed())
                    .bind(name)
                    .fetch_optional(&mut *connection)
                    .await?;
                    let Some(server_id) = row.map(|row| row.get::<i64, _>(0).cast_unsigned()) else {
                        return Ok(None);
                    };
                    touch(connection, channel, server_id, now).await?;
                    Ok(Some(server_id))
                })
            })
            .await
    }

    /// At most `count` posts of a channel, in order.
    pub(crate) async fn posts(&self, channel: u64, page: Page, count: u64) -> Result<Vec<PostState>> {
        let (sql, after, before, since) = match page {
            Page::Before(before) => (
                posts!(
                    "WHERE channel = ? AND server_id > ? AND server_id < ? AND changed >= ? ORDER BY server_id DESC LIMIT ?"
                ),
                0,
                before.map_or(i64::MAX, u64::cast_signed),
                0,
            ),
            Page::Changed { after, since } => (
                posts!(
                    "WHERE channel = ? AND server_id > ? AND server_id < ? AND changed >= ? ORDER BY server_id LIMIT ?"
                ),
                after.cast_signed(),
                i64::MAX,
                since.cast_signed(),
            ),
        };
        let rows = query(sql)
            .bind(channel.cast_signed())
            .bind(after)
            .bind(before)
            .bind(since)
            .bind(count.cast_signed())
            .fetch_all(&self.readers)
            .await?;
        let mut posts = Vec::with_capacity(rows.len());
        for row in &rows {
            posts.push(self.with_state(channel, post(row)).await?);
        }
        posts.sort_by_key(|state| state.post.server_id);
        Ok(posts)
    }

    /// A post by its server id.
    pub(crate) async fn post(&self, channel: u64, server_id: u64) -> Result<Option<PostState>> {
        let row = query(posts!("WHERE channel = ? AND server_id = ?"))
            .bind(channel.cast_signed())
            .bind(server_id.cast_signed())
            .fetch_optional(&self.readers)
            .await?;
        match row.as_ref().map(post) {
            Some(post) => self.with_state(channel, post).await.map(Some),
            None => Ok(None),
        }
    }

    async fn with_state(&self, channel: u64, post: Post) -> Result<PostState> {
        let reactions = query(
            "SELECT code, count(*) FROM channel_reactions WHERE channel = ? AND server_id = ? \
             GROUP BY code ORDER BY count(*) DESC, code",
        )
        .bind(channel.cast_signed())
        .bind(post.server_id.cast_signed())
        .fetch_all(&self.readers)
        .await?;
        let views: i64 = query("SELECT count(*) FROM channel_views WHERE channel = ? AND server_id = ?")
            .bind(channel.cast_signed())
            .bind(post.server_id.cast_signed())
            .fetch_one(&self.readers)
            .await?
            .get(0);
        let reactions = reactions.iter().map(|row| (row.get(0), row.get::<i64, _>(1).cast_unsigned()));
        Ok(PostState { post, reactions: reactions.collect(), views: views.cast_unsigned() })
    }
}

async fn find(connection: &mut SqliteConnection, channel: u64, id: &str) -> Result<Option<Post>> {
    let row = query(posts!("WHERE channel = ? AND id = ?"))
        .bind(channel.cast_signed())
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(row.as_ref().map(post))
}

async fn insert(connection: &mut SqliteConnection, server_id: i64, new: &NewPost) -> Result<()> {
    query("INSERT INTO channel_posts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, NULL, 0, ?9)")
        .bind(new.channel.cast_signed())
        .bind(server_id)
        .bind(&new.id)
        .bind(&new.body.kind)
        .bind(&new.body.media_type)
        .bind(&new.body.plaintext[..])
        .bind(&new.body.extra[..])
        .bind(new.author.cast_signed())
        .bind(new.time.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

async fn update(connection: &mut SqliteConnection, channel: u64, post: &Post) -> Result<()> {
    query(
        "UPDATE channel_posts SET kind = ?, media_type = ?, plaintext = ?, extra = ?, edits = ?, edited_ms = ?, \
         revoked = ?, changed = ? WHERE channel = ? AND server_id = ?",
    )
    .bind(&post.body.kind)
    .bind(&post.body.media_type)
    .bind(&post.body.plaintext[..])
    .bind(&post.body.extra[..])
    .bind(post.edits)
    .bind(post.edited_ms.map(u64::cast_signed))
    .bind(post.revoked)
    .bind(post.edited_ms.map_or(post.time, |ms| ms / 1000).cast_signed())
    .bind(channel.cast_signed())
    .bind(post.server_id.cast_signed())
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes a change of a post that is not revoked; `false` when there is none.
async fn touch(connection: &mut SqliteConnection, channel: u64, server_id: u64, now: u64) -> Result<bool> {
    let done =
        query("UPDATE channel_posts SET changed = ? WHERE channel = ? AND server_id = ? AND NOT revoked")
            .bind(now.cast_signed())
            .bind(channel.cast_signed())
            .bind(server_id.cast_signed())
            .execute(connection)
            .await?;
    Ok(done.rows_affected() > 0)
}

fn post(row: &SqliteRow) -> Post {
    let number = |index: usize| row.get::<i64, _>(index).cast_unsigned();
    let bytes = |index: usize| Bytes::from(row.get::<Vec<u8>, _>(index));
    Post {
        server_id: number(0),
        id: row.get(1),
        body: PostBody { kind: row.get(2), media_type: row.get(3), plaintext: bytes(4), extra: bytes(5) },
        author: number(6),
        time: number(7),
        edits: row.get(8),
        edited_ms: row.get::<Option<i64>, _>(9).map(i64::cast_unsigned),
        revoked: row.get(10),
    }
}
