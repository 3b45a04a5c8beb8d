//! What a Redis keeps, for tests that judge whether anything was left behind.

use wagate_domain::ports::PortResult;

use super::{call::garbled, connect::Redis, reply, scripts::Script};

static FIND: Script = Script::new(include_str!("lua/find_text.lua"));
static CENSUS: Script = Script::new(include_str!("lua/census.lua"));

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// Keys with an end of life.
    pub ending: u64,
    /// Bytes in use, of all keys and of the server itself.
    pub used_bytes: u64,
    /// Names of the keys that live for ever, sorted.
    pub lasting: Vec<String>,
}

impl Redis {
    /// Counts what is kept under our prefix. Not for a cluster.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn census(&self) -> PortResult<Census> {
        self.count("").await
    }

    /// Drops every key that has an end of life, as if it had come; what was there before.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn let_time_pass(&self) -> PortResult<Census> {
        self.count("end").await
    }

    /// Names of the keys under our prefix that have a text in their name or in what they hold, sorted. Not for a cluster.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn find(&self, text: &str) -> PortResult<Vec<String>> {
        let args = vec![self.keys().prefix().into(), text.into()];
        let answer = reply::list(self.run(&FIND, Vec::new(), args).await?)?;
        let mut found = answer.iter().map(reply::text).collect::<PortResult<Vec<_>>>()?;
        found.sort();
        Ok(found)
    }

    async fn count(&self, mode: &str) -> PortResult<Census> {
        let args = vec![self.keys().prefix().into(), mode.into()];
        let answer = reply::list(self.run(&CENSUS, Vec::new(), args).await?)?;
        let [ending, used_bytes, lasting @ ..] = answer.as_slice() else {
            return Err(garbled("a census without numbers"));
        };
        let mut lasting = lasting.iter().map(reply::text).collect::<PortResult<Vec<_>>>()?;
        lasting.sort();
        Ok(Census { ending: reply::number(ending)?, used_bytes: reply::number(used_bytes)?, lasting })
    }
}
