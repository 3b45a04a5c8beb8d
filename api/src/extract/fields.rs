//! From serde's complaints to a field, a problem and a remedy.

use std::fmt::Display;

use serde_path_to_error::Path;
use wagate_domain::Invalid;

/// Longest complaint shown; serde repeats what it was given.
const MAX_COMPLAINT: usize = 300;

/// Names the field that `complaint` is about. `remedy` is for types serde knows nothing better of.
pub(crate) fn invalid_from(path: &Path, complaint: &impl Display) -> Invalid {
    let complaint = complaint.to_string();
    let at = match path.to_string() {
        root if root == "." => String::new(),
        path => path,
    };
    if let Some(rest) = complaint.strip_prefix("missing field ") {
        let field = join(&at, quoted(rest));
        return Invalid::new(field, "is missing", "add it");
    }
    if let Some(rest) = complaint.strip_prefix("unknown field ") {
        let field = if at.is_empty() { quoted(rest).to_owned() } else { at };
        return Invalid::new(field, "is unknown", one_of(rest, "remove it, or use one of"));
    }
    if let Some(rest) = complaint.strip_prefix("unknown variant ") {
        let problem = format!("has the unknown value {}", quoted(rest));
        return Invalid::new(at, problem, one_of(rest, "use one of"));
    }
    if let Some(rest) = complaint.strip_prefix("invalid type: ")
        && let Some((found, expected)) = rest.split_once(", expected ")
    {
        let expected = without_position(expected);
        return Invalid::new(at, shorten(&format!("is {found}")), format!("send {expected}"));
    }
    let problem = shorten(without_position(&complaint));
    Invalid::new(at, problem, "send a value of the documented type")
}

fn join(at: &str, leaf: &str) -> String {
    if at.is_empty() { leaf.to_owned() } else { format!("{at}.{leaf}") }
}

/// The text between the first pair of backticks.
fn quoted(text: &str) -> &str {
    text.split('`').nth(1).unwrap_or_default()
}

/// Turns "…, expected one of `a`, `b` at line 1" into "use one of a, b".
fn one_of(text: &str, verb: &str) -> String {
    let Some((_, expected)) = text.split_once(", expected ") else {
        return "remove it".to_owned();
    };
    let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    if names.is_empty() { "remove it".to_owned() } else { format!("{verb} {}", names.join(", ")) }
}

/// serde_json ends its complaints with " at line 1 column 5".
fn without_position(complaint: &str) -> &str {
    complaint.rfind(" at line ").map_or(complaint, |end| &complaint[..end])
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= MAX_COMPLAINT {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(MAX_COMPLAINT).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the complaints matter")]
    struct Outer {
        name: String,
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<u32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the complaints matter")]
    struct Inner {
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
        Two,
    }

    fn complaint(json: &str) -> (String, String, String) {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, Outer>(&mut deserializer).unwrap_err();
        let wrong = invalid_from(error.path(), error.inner());
        (wrong.field, wrong.problem, wrong.remedy)
    }

    #[test]
    fn names_the_field_and_the_remedy() {
        for (json, field, problem, remedy) in [
            (r"{}", "name", "is missing", "add it"),
            (r#"{"name":"a","inner":{}}"#, "inner.kind", "is missing", "add it"),
            (r#"{"name":"a","nick":1}"#, "nick", "is unknown", "remove it, or use one of name, inner, list"),
            (
                r#"{"name":"a","inner":{"kind":"one","sort":1}}"#,
                "inner.sort",
                "is unknown",
                "remove it, or use one of kind",
            ),
            (r#"{"name":5}"#, "name", "is integer `5`", "send a string"),
            (r#"{"name":"a","list":[1,"x"]}"#, "list[1]", "is string \"x\"", "send u32"),
            (
                r#"{"name":"a","inner":{"kind":"three"}}"#,
                "inner.kind",
                "has the unknown value three",
                "use one of one, two",
            ),
        ] {
            let expected = (field.to_owned(), problem.to_owned(), remedy.to_owned());
            assert_eq!(complaint(json), expected, "{json}");
        }
    }

    #[test]
    fn a_long_value_is_not_repeated_whole() {
        let (_, problem, _) = complaint(&format!(r#"{{"name":"a","list":"{}"}}"#, "x".repeat(5000)));
        assert!(problem.chars().count() <= MAX_COMPLAINT + 1, "{problem}");
    }
}
