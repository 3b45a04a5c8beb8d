//! The script calls that the API makes, recorded from Redis, so that the bare handler can make equal ones.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use wagate_benches::load::Load;
use wagate_benches::redis::Redis;

/// One EVALSHA: its words after the command, and the id of the message that it queues.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) words: Vec<String>,
    pub(crate) id: String,
}

/// The calls of one request to each session.
pub(crate) async fn calls(redis: &Redis, load: &Load) -> Result<Vec<Call>> {
    let mut seen = redis.watch().await?;
    let wanted = load.requests.len();
    load.run(1, wanted).await?;
    let mut calls = Vec::with_capacity(wanted);
    while calls.len() < wanted {
        let line = seen.next_line().await?.context("Redis hung up")?;
        let mut words = words(&line).into_iter();
        let is_call = words.next().is_some_and(|command| command.eq_ignore_ascii_case("EVALSHA"));
        let words: Vec<String> = words.collect();
        // what the script itself does is told too, and other scripts queue no message
        let id = words.iter().find(|word| word.starts_with("msg_")).cloned();
        if let (true, Some(id)) = (is_call, id) {
            calls.push(Call { words, id });
        }
    }
    Ok(calls)
}

/// The quoted words of a line of MONITOR.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), line);
    while let Some((_, after)) = rest.split_once('"') {
        let (mut word, mut chars) = (String::new(), after.char_indices());
        let mut end = after.len();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => word.extend(chars.next().map(|(_, escaped)| escaped)),
                other => word.push(other),
            }
        }
        words.push(word);
        rest = after.get(end..).unwrap_or_default();
    }
    words
}
