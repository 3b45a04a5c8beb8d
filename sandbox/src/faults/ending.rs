//! How a fault ends a connection.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::effect::{Closing, Effect, StreamError};

/// An end of a connection.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// `<stream:error>` or `<failure>`, then the socket is closed as it should be.
    Stanza(Node),
    /// Just the socket.
    Socket(Closing),
    /// Nothing ends, but nothing goes on either.
    HalfOpen,
}

impl Effect {
    /// The end it means, and whether the stanza that has set it off still gets through.
    pub(crate) fn ending(&self, stanza: Option<&Node>) -> Option<(Ending, bool)> {
        Some(match self {
            Self::Close { how, deliver } => (Ending::Socket(*how), *deliver),
            Self::HalfOpen { deliver } => (Ending::HalfOpen, *deliver),
            Self::StreamError { error, deliver } => (Ending::Stanza(stream_error(*error, stanza)), *deliver),
            Self::Failure { reason, deliver } => {
                let failure = NodeBuilder::new("failure").attr("reason", *reason).attr("location", "sbx");
                (Ending::Stanza(failure.build()), *deliver)
            }
            _ => return None,
        })
    }
}

fn stream_error(error: StreamError, stanza: Option<&Node>) -> Node {
    let whole = NodeBuilder::new("stream:error");
    let conflict = |kind| NodeBuilder::new("conflict").attr("type", kind).build();
    match error {
        StreamError::Restart => whole.attr("code", 515).build(),
        StreamError::DeviceRemoved => whole.attr("code", 401).children([conflict("device_removed")]).build(),
        StreamError::Replaced => whole.children([conflict("replaced")]).build(),
        StreamError::Removed => whole.attr("code", 516).build(),
        StreamError::Conflict => whole.attr("code", 409).build(),
        StreamError::Unavailable => whole.attr("code", 503).build(),
        StreamError::RateLimited => whole.attr("code", 429).build(),
        StreamError::Ack => {
            let mut ack = NodeBuilder::new("ack");
            if let Some(stanza) = stanza {
                ack = ack.attr("class", stanza.tag.as_ref());
                if let Some(id) = stanza.attrs.get("id") {
                    ack = ack.attr("id", id.clone());
                }
            }
            whole.children([ack.build()]).build()
        }
        StreamError::NotWellFormed => {
            whole.children([NodeBuilder::new("xml-not-well-formed").build()]).build()
        }
        StreamError::StreamEnd => NodeBuilder::new("xmlstreamend").build(),
    }
}

/// The end in a few words, for the trace.
impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket(Closing::Clean) => f.write_str("closed by the network"),
            Self::Socket(Closing::Drop) => f.write_str("dropped by the network"),
            Self::Socket(Closing::MidFrame) => f.write_str("dropped by the network amid a frame"),
            Self::HalfOpen => f.write_str("half-open"),
            Self::Stanza(node) => {
                write!(f, "{}", node.tag)?;
                for key in ["code", "reason"] {
                    if let Some(value) = node.attrs.get(key) {
                        write!(f, " {value}")?;
                    }
                }
                for child in node.children().unwrap_or_default() {
                    write!(f, " {}", child.tag)?;
                    if let Some(kind) = child.attrs.get("type") {
                        write!(f, " {kind}")?;
                    }
                }
                Ok(())
            }
        }
    }
}
