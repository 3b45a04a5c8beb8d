//! What later messages have done to a message: reactions, edits, votes …

use serde::Serialize;
use utoipa::ToSchema;

use super::content::{Attendance, Body};
use super::store::StoredMessage;

/// One act on a message.
pub(super) struct Act {
    /// Author's number.
    pub(super) by: String,
    pub(super) body: Body,
}

/// What later messages have done to a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Acts {
    /// The reaction of each who has one.
    pub reactions: Vec<ReactionBy>,
    /// Earlier texts, oldest first; empty unless it was edited.
    pub earlier_texts: Vec<String>,
    /// Who deleted it for everyone.
    pub revoked: Option<RevokedBy>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Whether it is kept from disappearing.
    pub kept: bool,
    /// Answers of a poll and who chose them.
    pub votes: Vec<OptionVotes>,
    /// Answers to an event.
    pub responses: Vec<ResponseBy>,
}

/// A reaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReactionBy {
    /// Number, digits.
    pub by: String,
    /// One emoji.
    pub emoji: String,
}

/// A deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RevokedBy {
    /// Number, digits.
    pub by: String,
    /// Whether an admin of the group did it.
    pub by_admin: bool,
}

/// One answer of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OptionVotes {
    /// The answer.
    pub option: String,
    /// Numbers of those who chose it, in the order of their votes.
    pub voters: Vec<String>,
}

/// An answer to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResponseBy {
    /// Number, digits.
    pub by: String,
    /// Whether they come.
    pub response: Attendance,
}

impl StoredMessage {
    /// Shows the message as these acts, oldest first, have left it.
    pub(super) fn apply(&mut self, acts: Vec<Act>) {
        let options = match &self.body {
            Some(Body::Poll(poll)) => poll.options.clone(),
            _ => Vec::new(),
        };
        let mut votes: Vec<(String, Vec<String>)> = Vec::new();
        for Act { by, body } in acts {
            let own = by == self.from.0;
            match body {
                Body::Reaction(act) => {
                    self.acts.reactions.retain(|earlier| earlier.by != by);
                    if !act.emoji.is_empty() {
                        self.acts.reactions.push(ReactionBy { by, emoji: act.emoji });
                    }
                }
                Body::Edit(act) if own => {
                    self.acts.earlier_texts.push(self.text.replace(act.text).unwrap_or_default());
                }
                Body::Revoke(act) if own || act.by_admin => {
                    self.acts.revoked = Some(RevokedBy { by, by_admin: !own });
                }
                Body::Pin(act) => self.acts.pinned = act.pinned,
                Body::Keep(act) => self.acts.kept = act.kept,
                Body::PollVote(act) => {
                    votes.retain(|(earlier, _)| *earlier != by);
                    votes.push((by, act.options));
                }
                Body::EventResponse(act) => {
                    self.acts.responses.retain(|earlier| earlier.by != by);
                    self.acts.responses.extend(act.response.map(|response| ResponseBy { by, response }));
                }
                _ => {}
            }
        }
        self.acts.votes = options
            .into_iter()
            .map(|option| OptionVotes { voters: voters_of(&votes, &option), option })
            .collect();
        if self.acts.revoked.is_some() {
            (self.text, self.media, self.body) = (None, None, None);
            self.acts.earlier_texts.clear();
        }
    }
}

fn voters_of(votes: &[(String, Vec<String>)], option: &String) -> Vec<String> {
    votes.iter().filter(|(_, chosen)| chosen.contains(option)).map(|(by, _)| by.clone()).collect()
}
