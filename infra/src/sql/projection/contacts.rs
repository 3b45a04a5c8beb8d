//! Who is who: joins PN and LID, merges two contacts that turn out to be one.
//!
//! A LID stays with its person; a phone number can move to another. A sighting that was told before
//! (`stale`) finds contacts but changes none, so a replay does not bring back an old number.

use std::collections::HashMap;

use super::{sighting::Sighting, tracked::Tracked};
use crate::sql::rows::contact::Model;

type Row = Tracked<Model>;

/// The contacts that a batch of events can touch.
#[derive(Debug, Default)]
pub(super) struct ContactBook {
    rows: HashMap<String, Row>,
    by_pn: HashMap<(String, String), String>,
    by_lid: HashMap<(String, String), String>,
    merges: Vec<Merge>,
    changed: Vec<String>,
}

/// One contact turned out to be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merge {
    /// The contact that goes.
    pub(super) from: String,
    /// The contact that stays: the older one.
    pub(super) into: String,
}

impl ContactBook {
    /// Takes a row as the database has it.
    pub(super) fn load(&mut self, row: Model) {
        self.index(&row);
        self.rows.insert(row.id.clone(), Tracked::stored(row));
    }

    /// Every row, for writing.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// Contacts that were known and have changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> Vec<String> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        changed.retain(|id| self.get(id).is_some_and(|row| row.merged_into.is_none()));
        changed
    }

    /// A contact by its id.
    pub(super) fn get(&self, id: &str) -> Option<&Model> {
        self.rows.get(id).map(Tracked::row)
    }

    /// Merges in the order they were found.
    pub(super) fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// The tenant of a contact.
    pub(super) fn workspace_of(&self, id: &str) -> Option<&str> {
        self.rows.get(id).map(|row| row.row().workspace_id.as_str())
    }

    /// The contact of a person, made or completed where allowed.
    pub(super) fn resolve(&mut self, seen: &Sighting, stale: bool) -> Option<String> {
        let session = seen.session.to_string();
        let find = |index: &HashMap<(String, String), String>, value: &Option<String>| {
            value.as_ref().and_then(|value| index.get(&(session.clone(), value.clone())).cloned())
        };
        let by_pn = find(&self.by_pn, &seen.pn);
        let by_lid = find(&self.by_lid, &seen.lid);
        let id = match (by_pn, by_lid) {
            (None, None) => self.create(seen, true)?,
            (Some(a), None) => self.with_lid(a, seen, stale)?,
            (None, Some(b)) => {
                if seen.pn.is_some() && !stale {
                    self.set_pn(&b, seen.pn.clone(), seen.at);
                }
                b
            }
            (Some(a), Some(b)) if a == b => a,
            (Some(_), Some(b)) if stale => b,
            (Some(a), Some(b)) => self.join(a, b, seen),
        };
        if !stale {
            self.rename(&id, seen);
        }
        Some(id)
    }

    /// `a` has the number; nobody has the LID.
    fn with_lid(&mut self, a: String, seen: &Sighting, stale: bool) -> Option<String> {
        let known = self.rows.get(&a).and_then(|row| row.row().lid.clone());
        match (&seen.lid, known) {
            (None, _) => Some(a),
            (Some(_), None) if stale => Some(a),
            (Some(lid), None) => {
                self.set_lid(&a, lid.clone(), seen.at);
                Some(a)
            }
            // the number belongs to somebody else by now
            (Some(_), Some(_)) => {
                if !stale && seen.creates {
                    self.set_pn(&a, None, seen.at);
                }
                self.create(seen, !stale)
            }
        }
    }

    /// `a` has the number, `b` the LID.
    fn join(&mut self, a: String, b: String, seen: &Sighting) -> String {
        let a_is_somebody_else = self.rows.get(&a).is_some_and(|row| row.row().lid.is_some());
        if a_is_somebody_else {
            self.set_pn(&a, None, seen.at);
            self.set_pn(&b, seen.pn.clone(), seen.at);
            return b;
        }
        let (into, from) = if a < b { (a, b) } else { (b, a) };
        let name = self.rows.get(&from).and_then(|row| row.row().push_name.clone());
        self.set_pn(&from, None, seen.at);
        self.clear_lid(&from);
        if let Some(row) = self.rows.get_mut(&from) {
            row.change().merged_into = Some(into.clone());
        }
        for row in self.rows.values_mut() {
            if row.row().merged_into.as_deref() == Some(&from) {
                row.change().merged_into = Some(into.clone());
            }
        }
        self.set_pn(&into, seen.pn.clone(), seen.at);
        if let Some(lid) = &seen.lid {
            self.set_lid(&into, lid.clone(), seen.at);
        }
        if let Some(row) = self.rows.get_mut(&into)
            && row.row().push_name.is_none()
        {
            row.change().push_name = name;
        }
        self.merges.push(Merge { from, into: into.clone() });
        into
    }

    /// Makes the contact of a sighting, or finds the one that it made before.
    fn create(&mut self, seen: &Sighting, with_pn: bool) -> Option<String> {
        let id = seen.fresh_id.to_string();
        if let Some(row) = self.rows.get(&id) {
            return Some(row.row().merged_into.clone().unwrap_or(id));
        }
        if !seen.creates {
            return None;
        }
        let row = Model {
            id: id.clone(),
            workspace_id: seen.workspace.to_string(),
            session_id: seen.session.to_string(),
            pn: seen.pn.clone().filter(|_| with_pn),
            lid: seen.lid.clone(),
            push_name: None,
            merged_into: None,
            updated_at: seen.at,
            name_key: None,
        };
        self.index(&row);
        self.rows.insert(id.clone(), Tracked::new(row));
        Some(id)
    }

    fn rename(&mut self, id: &str, seen: &Sighting) {
        let Some(row) = self.rows.get_mut(id) else { return };
        if seen.push_name.is_some() && row.row().push_name != seen.push_name {
            note_change(&mut self.changed, row);
            let row = row.change();
            row.push_name.clone_from(&seen.push_name);
            row.updated_at = row.updated_at.max(seen.at);
        }
    }

    fn set_pn(&mut self, id: &str, pn: Option<String>, at: i64) {
        let Some(row) = self.rows.get_mut(id) else { return };
        if row.row().pn == pn {
            return;
        }
        note_change(&mut self.changed, row);
        let row = row.change();
        if let Some(old) = std::mem::replace(&mut row.pn, pn) {
            self.by_pn.remove(&(row.session_id.clone(), old));
        }
        row.updated_at = row.updated_at.max(at);
        if let Some(pn) = &row.pn {
            self.by_pn.insert((row.session_id.clone(), pn.clone()), id.to_owned());
        }
    }

    fn set_lid(&mut self, id: &str, lid: String, at: i64) {
        let Some(row) = self.rows.get_mut(id) else { return };
        if row.row().lid.as_ref() == Some(&lid) {
            return;
        }
        note_change(&mut self.changed, row);
        let row = row.change();
        self.by_lid.insert((row.session_id.clone(), lid.clone()), id.to_owned());
        row.lid = Some(lid);
        row.updated_at = row.updated_at.max(at);
    }

    fn clear_lid(&mut self, id: &str) {
        let Some(row) = self.rows.get_mut(id) else { return };
        if row.row().lid.is_some() {
            let row = row.change();
            if let Some(old) = row.lid.take() {
                self.by_lid.remove(&(row.session_id.clone(), old));
            }
        }
    }

    fn index(&mut self, row: &Model) {
        if let Some(pn) = &row.pn {
            self.by_pn.insert((row.session_id.clone(), pn.clone()), row.id.clone());
        }
        if let Some(lid) = &row.lid {
            self.by_lid.insert((row.session_id.clone(), lid.clone()), row.id.clone());
        }
    }
}

/// Notes that a contact changes which the database knows already.
fn note_change(changed: &mut Vec<String>, row: &Row) {
    if row.if_new().is_none() {
        changed.push(row.row().id.clone());
    }
}
