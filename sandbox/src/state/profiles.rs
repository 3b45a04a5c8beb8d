//! What an account shows of itself, and pictures of accounts and groups.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS profiles (
    pn INTEGER PRIMARY KEY,
    about TEXT,
    about_set INTEGER,
    last_seen INTEGER,
    timer INTEGER,
    timer_set INTEGER
);
CREATE TABLE IF NOT EXISTS pictures (
    owner TEXT PRIMARY KEY,
    id INTEGER NOT NULL,
    image TEXT NOT NULL,
    preview TEXT NOT NULL
) WITHOUT ROWID;
";

/// A value and the unix time it was set at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen<T> {
    pub(crate) value: T,
    pub(crate) at: u64,
}

/// What an account shows of itself, its picture aside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProfileRow {
    /// Profile text; an empty one was cleared.
    pub(crate) about: Option<Chosen<String>>,
    /// Unix time at which the last device went away.
    pub(crate) last_seen: Option<u64>,
    /// Seconds after which messages of new chats disappear; 0 is off.
    pub(crate) timer: Option<Chosen<u32>>,
}

/// A profile picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PictureRow {
    /// Number that changes with the picture.
    pub(crate) id: u64,
    /// Media token of the whole picture.
    pub(crate) image: String,
    /// Media token of the small one.
    pub(crate) preview: String,
}

impl State {
    /// An account's profile; empty when nothing was set.
    pub(crate) async fn load_profile(&self, pn: u64) -> Result<ProfileRow> {
        let row = query("SELECT about, about_set, last_seen, timer, timer_set FROM profiles WHERE pn = ?")
            .bind(pn.cast_signed())
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(ProfileRow::default()) };
        let time = |column: usize| row.get::<Option<i64>, _>(column).map(i64::cast_unsigned);
        Ok(ProfileRow {
            about: row.get::<Option<String>, _>(0).zip(time(1)).map(|(value, at)| Chosen { value, at }),
            last_seen: time(2),
            timer: row.get::<Option<u32>, _>(3).zip(time(4)).map(|(value, at)| Chosen { value, at }),
        })
    }

    /// Writes an account's profile.
    pub(crate) async fn save_profile(&self, pn: u64, profile: ProfileRow) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let about = profile.about.map(|about| (about.value, about.at.cast_signed())).unzip();
                    let timer = profile.timer.map(|timer| (timer.value, timer.at.cast_signed())).unzip();
                    query(
                        "INSERT OR REPLACE INTO profiles (pn, about, about_set, last_seen, timer, timer_set) \
                         VALUES (?, ?, ?, ?, ?, ?)",
                    )
                    .bind(pn.cast_signed())
                    .bind(about.0)
                    .bind(about.1)
                    .bind(profile.last_seen.map(u64::cast_signed))
                    .bind(timer.0)
                    .bind(timer.1)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// The picture of an account (digits of its number) or of a group (its JID).
    pub(crate) async fn picture(&self, owner: &str) -> Result<Option<PictureRow>> {
        let row = query("SELECT id, image, preview FROM pictures WHERE owner = ?")
            .bind(owner)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| PictureRow {
            id: row.get::<i64, _>(0).cast_unsigned(),
            image: row.get(1),
            preview: row.get(2),
        }))
    }

    /// Sets or removes a picture.
    pub(crate) async fn save_picture(&self, owner: String, picture: Option<PictureRow>) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let Some(picture) = picture else {
                        query("DELETE FROM pictures WHERE owner = ?").bind(owner).execute(connection).await?;
                        return Ok(());
                    };
                    query("INSERT OR REPLACE INTO pictures (owner, id, image, preview) VALUES (?, ?, ?, ?)")
                        .bind(owner)
                        .bind(picture.id.cast_signed())
                        .bind(picture.image)
                        .bind(picture.preview)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
