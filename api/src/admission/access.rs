//! What an operation can ask of its caller.

use std::{collections::HashMap, sync::LazyLock};

use http::Method;
use wagate_domain::auth::Permission;

use super::table::{Row, TABLE};

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Open,
    /// Whoever is signed in, whatever they belong to: one's own account.
    Person,
    /// Who may do this, with a key or signed in.
    May(Permission),
}

/// What of an operation is for a caller who may touch some sessions only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All of it: it touches no session.
    Any,
    /// Nothing: it concerns the whole workspace.
    Whole,
    /// The session in the path, if it is among them.
    Path,
    /// The session in the query, if it is among them; there must be one.
    Chosen,
    /// The handler shows those among them.
    Listed,
    /// The message in the path, if its session is among them.
    Message,
    /// The contact in the path, if its session is among them.
    Contact,
    /// The media object in the path, if it came in through one of them or was staged with the caller's key.
    Media,
    /// The event in the path, if its session is among them.
    Event,
}

/// The row of an operation. `HEAD` is asked as `GET`.
pub(crate) fn row_of(method: &Method, path: &str) -> Option<&'static Row> {
    static ROWS: LazyLock<HashMap<(&str, &str), &Row>> =
        LazyLock::new(|| TABLE.iter().map(|row| ((row.path, row.method), row)).collect());
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ROWS.get(&(path, method)).copied()
}

/// The methods of a path, for the `Allow` header.
pub(crate) fn methods_of(path: &str) -> String {
    let methods: Vec<&str> = TABLE.iter().filter(|row| row.path == path).map(|row| row.method).collect();
    methods.join(", ")
}
