//! Companions that wait: found by QR reference, or by the number a code was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::link::Link;
use crate::clock::{Clock, Moment};
use crate::ports::CodeHello;

/// All pending links.
#[derive(Default)]
pub(crate) struct Pairings {
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    by_reference: HashMap<String, Arc<Link>>,
    /// Newest last.
    codes: HashMap<u64, Vec<CodeWait>>,
}

/// A companion that shows a code for a number.
#[derive(Clone)]
pub(super) struct CodeWait {
    pub(super) link: Arc<Link>,
    pub(super) hello: CodeHello,
    since: Moment,
}

impl Pairings {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A companion has connected to be linked.
    pub(crate) fn add(&self, link: &Arc<Link>) {
        let mut pending = self.lock();
        for reference in &link.references {
            pending.by_reference.insert(reference.clone(), Arc::clone(link));
        }
    }

    /// Its connection has ended, or it is linked.
    pub(crate) fn remove(&self, link: &Arc<Link>) {
        let mut pending = self.lock();
        for reference in &link.references {
            pending.by_reference.remove(reference);
        }
        pending.codes.retain(|_, waits| {
            waits.retain(|wait| !Arc::ptr_eq(&wait.link, link));
            !waits.is_empty()
        });
    }

    /// Whose QR code this reference was.
    pub(super) fn by_reference(&self, reference: &str) -> Option<Arc<Link>> {
        self.lock().by_reference.get(reference).cloned()
    }

    /// A companion asks for a code now (`since`); returns the reference of this attempt. Asking again
    /// replaces the earlier code of the same companion.
    pub(crate) fn add_code(
        &self,
        link: &Arc<Link>,
        pn: u64,
        wrapped_ephemeral: Bytes,
        since: Moment,
    ) -> Bytes {
        let reference = Bytes::copy_from_slice(&rand::random::<[u8; 16]>());
        let hello = CodeHello { reference: reference.clone(), wrapped_ephemeral };
        let mut pending = self.lock();
        let waits = pending.codes.entry(pn).or_default();
        waits.retain(|wait| !Arc::ptr_eq(&wait.link, link));
        waits.push(CodeWait { link: Arc::clone(link), hello, since });
        reference
    }

    /// Companions that show a code for a number, newest first, expired ones left out.
    pub(super) fn codes(&self, pn: u64, lifetime: Duration, clock: &Clock) -> Vec<CodeWait> {
        let pending = self.lock();
        let waits = pending.codes.get(&pn).map(Vec::as_slice).unwrap_or_default();
        waits.iter().rev().filter(|wait| clock.since(wait.since) < lifetime).cloned().collect()
    }
}
