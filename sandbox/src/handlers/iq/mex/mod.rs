//! `w:mex`: GraphQL over IQ. One file per subject with a table of its operations, one line here
//! in [`OPERATIONS`]. Clients name an operation by a query id that changes with their generation,
//! so an operation has a set of ids.

mod account;
mod call;
mod channels;
mod groups;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use wacore_binary::builder::NodeBuilder;

pub(super) use call::{Call, Data};

use super::request::{Answer, IqError, Request};
use crate::nodes::{content, text};

/// Runs one operation.
type Run = fn(Call) -> BoxFuture<'static, Result<Data, IqError>>;

/// A persisted query or mutation.
struct Operation {
    /// Ids of the operation in the generations of clients.
    ids: &'static [&'static str],
    /// Member of `data` that clients read the result from.
    key: &'static str,
    run: Run,
}

/// Every subject's operations.
const OPERATIONS: &[&[Operation]] = &[account::OPERATIONS, channels::OPERATIONS, groups::OPERATIONS];

fn find(id: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().copied().flatten().find(|operation| operation.ids.contains(&id))
}

/// Failures are answered in GraphQL's form: the IQ itself succeeds.
pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let query = request.child("query")?;
        let id = text(query, "query_id").ok_or(IqError::BadRequest("query_id"))?;
        let origin = request.origin()?.clone();
        let variables = variables(content(query));
        let Some(operation) = find(&id) else {
            tracing::info!(sender = request.sender(), id, "unknown query id");
            return Ok(answer(&failure(400, &format!("unknown query id {id}"))));
        };
        let outcome = match variables {
            Some(variables) => (operation.run)(Call { core: request.core.clone(), origin, variables }).await,
            None => Err(IqError::BadRequest("variables")),
        };
        Ok(match outcome {
            Ok(Data { value, then }) => {
                Answer { then, ..answer(&json!({ "data": { operation.key: value } })) }
            }
            Err(error) => {
                let (code, _) = error.code();
                tracing::warn!(sender = request.sender(), key = operation.key, code, %error, "query refused");
                answer(&failure(code, &error.to_string()))
            }
        })
    })
}

/// `variables` of a query's JSON; none are an empty object.
fn variables(json: &[u8]) -> Option<Value> {
    let mut query: Value = serde_json::from_slice(json).ok()?;
    match query.get_mut("variables").map(Value::take) {
        None | Some(Value::Null) => query.is_object().then(|| json!({})),
        variables => variables.filter(Value::is_object),
    }
}

fn answer(json: &Value) -> Answer {
    Answer::with(NodeBuilder::new("result").bytes(json.to_string().into_bytes()).build())
}

fn failure(code: u16, message: &str) -> Value {
    let extensions =
        json!({ "error_code": code, "is_summary": false, "is_retryable": false, "severity": "CRITICAL" });
    json!({ "data": null, "errors": [{ "message": message, "extensions": extensions }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_id_stands_once() {
        let mut ids: Vec<_> = OPERATIONS.iter().copied().flatten().flat_map(|o| o.ids).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn variables_are_an_object_or_nothing() {
        let read = |json: &str| variables(json.as_bytes());
        assert_eq!(read(r#"{"variables":{"a":1}}"#), Some(json!({ "a": 1 })));
        assert_eq!(read("{}"), Some(json!({})));
        assert_eq!(read(r#"{"variables":null}"#), Some(json!({})));
        for bad in ["", "[]", r#""text""#, r#"{"variables":7}"#, "\u{0}"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
