//! The reference of error codes, as a page of the documentation and as one that the gateway serves.

use std::fmt::Write as _;

use axum::response::Html;

use crate::problem::Code;

/// The page docs/reference/errors.md.
#[must_use]
pub fn errors_reference() -> String {
    let mut page = String::from(
        "# Errors\n\n\
         <!-- Made from the code by `make derive`; do not edit. -->\n\n\
         Every error is `application/problem+json` (RFC 9457):\n\n\
         ```json\n\
         {\n  \"type\": \"/api/docs/errors#validation_failed\",\n  \"title\": \"A field is wrong\",\n  \
         \"status\": 422,\n  \"detail\": \"text.body: is empty\",\n  \"code\": \"validation_failed\",\n  \
         \"field\": \"text.body\",\n  \"errors\": [\n    {\n      \"field\": \"text.body\",\n      \
         \"problem\": \"is empty\",\n      \"remedy\": \"send at least one visible character\"\n    }\n  ],\n  \
         \"remedy\": \"send at least one visible character\",\n  \
         \"request_id\": \"req_01JZZZ6E5R4Q3P2N1M0K9J8H7G\"\n}\n\
         ```\n\n\
         Decide by `code`, not by `title` or `detail`: a code never changes its meaning, texts may. `field` and `errors`\n\
         are there when a field, parameter or header is wrong. Answers with `Retry-After` are worth repeating; give a POST\n\
         that takes one an `Idempotency-Key`, so that repeating it makes nothing twice. What belongs to another workspace is not found.\n\n\
         | code | status | what happened | what to do |\n| --- | --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let (name, status) = (code.name(), code.status().as_u16());
        // writing to a String cannot fail
        let _ = writeln!(page, "| `{name}` | {status} | {} | {} |", code.title(), code.remedy());
    }
    page
}

/// `GET /api/docs/errors`: what the `type` of a problem points to.
pub(crate) async fn get_errors_page() -> Html<String> {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>wagate: errors</title>\
         <style>body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}\
         dt{font:600 1rem ui-monospace,monospace;margin-top:1.25rem}dt:target{background:#fff3bf}\
         dd{margin:0}small{color:#666;font-weight:400}</style><h1>Errors</h1><dl>",
    );
    for code in Code::ALL {
        let (name, status) = (code.name(), code.status().as_u16());
        let remedy = code.remedy().replace('<', "&lt;").replace('>', "&gt;");
        let _ = write!(
            page,
            "<dt id=\"{name}\">{name} <small>{status}</small></dt><dd>{}.</dd><dd>{remedy}</dd>",
            code.title()
        );
    }
    page.push_str("</dl></html>");
    Html(page)
}
