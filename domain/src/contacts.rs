//! A workspace's contacts in pages, the one met last first.

use crate::{
    Contact, ContactId, Invalid, SessionId,
    auth::Principal,
    messages::{ListError, fold},
    page,
    ports::{ContactQuery, Contacts},
};

/// Longest search in characters.
const MAX_SEARCH: usize = 128;

/// A request for one page of contacts.
#[derive(Debug, Clone, Default)]
pub struct ListContacts {
    /// Only this session's.
    pub session: Option<SessionId>,
    /// Only those whose name has this in it, or whose number.
    pub text: Option<String>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Page size, 1 to 200.
    pub limit: Option<u32>,
}

/// One page of contacts.
#[derive(Debug, Clone)]
pub struct ContactPage {
    /// The contacts.
    pub contacts: Vec<Contact>,
    /// Pass it to get the next page; absent at the end.
    pub next_cursor: Option<String>,
}

/// One page of a workspace's contacts.
///
/// # Errors
/// See [`ListError`].
pub async fn list(
    contacts: &dyn Contacts,
    caller: Principal,
    request: ListContacts,
) -> Result<ContactPage, ListError> {
    let limit = page::limit(request.limit)?;
    let parse = |cursor: &str| cursor.parse::<ContactId>().map_err(|_| page::no_cursor());
    let mut query = ContactQuery {
        session: request.session,
        behind: request.cursor.as_deref().map(parse).transpose()?,
        limit: limit + 1,
        ..ContactQuery::default()
    };
    if let Some(text) = &request.text {
        (query.name, query.digits) = sought(text)?;
    }
    let mut found = contacts.list(caller.workspace, &query).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(ContactPage { contacts: found, next_cursor })
}

/// A part of a name, and of a number when it can be one.
fn sought(text: &str) -> Result<(Option<String>, Option<String>), Invalid> {
    // PostgreSQL takes no text with NUL, and no name on record has it
    let name = fold(text.replace('\0', "").trim());
    if name.is_empty() {
        return Err(Invalid::new("q", "is empty", "send a part of a name or number, or leave it out"));
    }
    if text.chars().count() > MAX_SEARCH {
        return Err(Invalid::new("q", "is too long", format!("use at most {MAX_SEARCH} characters")));
    }
    let written = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')');
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let number = name.chars().all(written) && !digits.is_empty();
    Ok((Some(name), number.then_some(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_for_a_name_and_where_it_can_be_for_a_number() {
        for (text, name, digits) in [
            ("  Ayu ", "ayu", None),
            ("José", "jose", None),
            ("+62 812-34", "+62 812-34", Some("6281234")),
            ("Shop 24", "shop 24", None),
            ("%_", "%_", None),
            ("a\0yu", "ayu", None),
        ] {
            let digits = digits.map(str::to_owned);
            assert_eq!(sought(text).unwrap(), (Some(name.to_owned()), digits), "{text}");
        }
        assert_eq!(sought(" ").unwrap_err().field, "q");
        assert_eq!(sought(&"x".repeat(200)).unwrap_err().field, "q");
    }
}
