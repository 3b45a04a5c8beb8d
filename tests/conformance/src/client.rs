//! A client on the stage, whichever library plays it.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::{Command, Event, Kind, Message, Person, Reached, Said, What, log::Log};

/// Why a client did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The server's number for it, when it was the server.
    pub code: Option<u16>,
    /// The library's words.
    pub text: String,
}

/// A library that plays a client.
#[async_trait]
pub(crate) trait Driver: Send + Sync {
    /// Does something and answers what came of it.
    async fn run(&self, command: Command) -> Result<Value, Refusal>;
}

/// A client. Dropping it leaves it running until the test is over.
pub struct Client {
    kind: Kind,
    driver: Box<dyn Driver>,
    log: Arc<Log>,
    /// Whose device it is, once linked.
    pub person: Person,
}

impl Client {
    pub(crate) fn new(kind: Kind, driver: Box<dyn Driver>, log: Arc<Log>, person: Person) -> Self {
        Self { kind, driver, log, person }
    }

    /// Which library plays it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Asks for something that must succeed.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn ask(&self, command: Command) -> Value {
        let asked = format!("{command:?}");
        self.attempt(command)
            .await
            .unwrap_or_else(|refusal| panic!("{self} refuses {asked}: {refusal:?}\n{}", self.story()))
    }

    /// Asks for something that may be refused.
    ///
    /// # Errors
    /// When it is.
    pub async fn attempt(&self, command: Command) -> Result<Value, Refusal> {
        self.driver.run(command).await
    }

    /// Waits for an event, past ones included.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn sees<T>(&self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        self.sees_after(0, what, pick).await
    }

    /// Waits for an event after those that [`Self::so_far`] counted.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn sees_after<T>(&self, after: usize, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let found = self.log.first(after, pick).await;
        found.unwrap_or_else(|| panic!("{self} never saw {what}\n{}", self.story()))
    }

    /// How many events it has told.
    #[must_use]
    pub fn so_far(&self) -> usize {
        self.log.all().len()
    }

    /// Every event it has told.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.log.all()
    }

    /// Waits until it is logged in.
    pub async fn open(&self) {
        self.sees("its login", |event| matches!(event, Event::Open { .. }).then_some(())).await;
    }

    /// Sends a message; its id once the server has taken it.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn send(&self, to: &str, said: impl Into<Said>) -> String {
        let id = self.sends(to, said).await;
        match self.acked(&id).await {
            None => id,
            Some(error) => panic!("{self}: {id} was refused: {error}"),
        }
    }

    /// Sends a message; its id.
    ///
    /// # Panics
    /// When the library refuses it.
    pub async fn sends(&self, to: &str, said: impl Into<Said>) -> String {
        let sent = self.ask(Command::Send { to: to.to_owned(), said: said.into() }).await;
        sent["id"].as_str().expect("an id").to_owned()
    }

    /// Waits for the server's answer to a message: `None`, or the code of the refusal.
    pub async fn acked(&self, of: &str) -> Option<String> {
        self.sees(&format!("the ack of {of}"), |event| match event {
            Event::Ack { id, error } if id == of => Some(error.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for a message.
    pub async fn gets(&self, of: &str) -> Message {
        self.sees(&format!("message {of}"), |event| match event {
            Event::Message(message) if message.id == of => Some(Message::clone(message)),
            _ => None,
        })
        .await
    }

    /// Waits for a message that says something, whatever its id.
    pub async fn shows(&self, what: &What) -> Message {
        self.sees(&format!("{what:?}"), |event| match event {
            Event::Message(message) if message.said().what == *what => Some(Message::clone(message)),
            _ => None,
        })
        .await
    }

    /// Waits until a message of ours has come at least so far.
    pub async fn reaches(&self, of: &str, at_least: Reached) {
        self.sees(&format!("{of} as {at_least:?}"), |event| match event {
            Event::Receipt { id, reached, .. } if id == of && *reached >= at_least => Some(()),
            _ => None,
        })
        .await;
    }

    /// Everything it has told, for a failed test.
    fn story(&self) -> String {
        let line = |event: &Event| match event {
            Event::Message(message) => {
                format!(
                    "  message {} in {} by {}: {:?}",
                    message.id,
                    message.chat,
                    message.sender,
                    message.said()
                )
            }
            other => format!("  {other:?}"),
        };
        let lines: Vec<String> = self.log.all().iter().map(line).collect();
        format!("{self} told:\n{}", lines.join("\n"))
    }
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.person.number, self.kind.short())
    }
}
