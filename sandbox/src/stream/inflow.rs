//! A connection's stanzas on their way to their handlers, as faults bend it.

use std::sync::Arc;

use wacore_binary::Node;

use super::serve::Stage;
use crate::core::Core;
use crate::faults::{Effect, Line};
use crate::handlers;
use crate::trace::Direction;
use crate::wire::Conn;

/// One connection's way in.
pub(super) struct Inflow<'a> {
    core: &'a Arc<Core>,
    conn: &'a Arc<Conn>,
    stage: &'a Stage,
    pub(super) line: Line<Node>,
}

impl<'a> Inflow<'a> {
    pub(super) fn new(core: &'a Arc<Core>, conn: &'a Arc<Conn>, stage: &'a Stage) -> Self {
        Self { core, conn, stage, line: Line::new(core.clock.clone()) }
    }

    /// Handles a stanza, or puts it on its way there.
    pub(super) async fn take(&mut self, node: Node, bytes: usize) {
        let tap = &self.conn.tap;
        let effect = if tap.watches() { tap.stanza(Direction::In, &node, Some(bytes)) } else { None };
        match effect {
            None if self.line.is_empty() => return self.handle(node).await,
            None => self.line.put(node, None),
            Some(effect) => self.bend(node, &effect).await,
        }
        self.release().await;
    }

    async fn bend(&mut self, node: Node, effect: &Effect) {
        if let Some((ending, deliver)) = effect.ending(Some(&node)) {
            if deliver {
                self.line.put(node, None);
                self.line.rush();
                self.release().await;
            }
            return self.conn.end(ending);
        }
        match effect {
            Effect::Drop => {}
            Effect::Duplicate => {
                self.line.put(node.clone(), None);
                self.line.put(node, None);
            }
            Effect::Nack { code } => self.conn.send(self.core.ack(&node, Some(*code))),
            Effect::IqError { code, text, wait_seconds } => {
                self.conn.send(handlers::iq_error(&node, *code, text.as_deref(), *wait_seconds));
            }
            effect => self.line.put(node, Some(effect)),
        }
    }

    /// Handles what has become due.
    pub(super) async fn release(&mut self) {
        for node in self.line.due() {
            if self.conn.half_open.is_cancelled() {
                return;
            }
            self.handle(node).await;
        }
    }

    async fn handle(&self, node: Node) {
        handlers::dispatch(self.core, self.conn, self.stage, node).await;
    }
}
