//! `usync`: what is known of users. One file per protocol, one line in [`PROTOCOLS`].

mod business;
mod contact;
mod devices;
mod disappearing;
mod lid;
mod picture;
mod status;

use std::sync::Arc;

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::request::{Answer, IqError, Request};
use crate::core::Core;
use crate::nodes::{content, jid, text};
use crate::router::{Account, Category};

/// One user of a request.
struct Query {
    core: Arc<Core>,
    account: Arc<Account>,
    /// The address as asked; answers repeat it.
    asked: Jid,
    /// `<contact>` text as asked, such as `+4915112345`.
    contact: Option<String>,
    /// Who asks, and whether with a token of the user asked for.
    viewer: Arc<Account>,
    trusted: bool,
    /// Hash of the device list that the client has.
    known_devices: Option<String>,
}

impl Query {
    /// Whether the user shows this to who asks.
    fn permits(&self, category: Category) -> bool {
        self.account.permits(category, self.viewer.pn, self.trusted)
    }
}

/// Answers a protocol for one user; `None` says nothing about it.
type Protocol = for<'a> fn(&'a Query) -> BoxFuture<'a, Result<Option<Node>, IqError>>;

const PROTOCOLS: &[(&str, Protocol)] = &[
    ("business", business::answer),
    ("contact", contact::answer),
    ("devices", devices::answer),
    ("disappearing_mode", disappearing::answer),
    ("lid", lid::answer),
    ("picture", picture::answer),
    ("status", status::answer),
];

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let viewer = &request.origin()?.account;
        let usync = request.child("usync")?;
        let wanted = usync.get_optional_child("query").ok_or(IqError::BadRequest("query"))?;
        let wanted: Vec<&str> =
            wanted.children().unwrap_or_default().iter().map(|c| c.tag.as_ref()).collect();
        let listed = usync.get_optional_child("list").ok_or(IqError::BadRequest("list"))?;
        let mut users = Vec::new();
        for user in listed.get_children_by_tag("user") {
            users.extend(answer_user(&request.core, viewer, user, &wanted).await?);
        }
        let states = wanted.iter().map(|tag| NodeBuilder::new_dynamic((*tag).to_owned()).build());
        let mut answer = NodeBuilder::new("usync");
        for key in ["sid", "mode", "context", "index", "last"] {
            if let Some(value) = usync.attrs.get(key) {
                answer = answer.attr(key, value.clone());
            }
        }
        let result = NodeBuilder::new("result").children(states).build();
        let list = NodeBuilder::new("list").children(users).build();
        Ok(Answer::with(answer.children([result, list]).build()))
    })
}

async fn answer_user(
    core: &Arc<Core>,
    viewer: &Arc<Account>,
    user: &Node,
    wanted: &[&str],
) -> Result<Option<Node>, IqError> {
    let contact =
        user.get_optional_child("contact").map(|node| String::from_utf8_lossy(content(node)).into_owned());
    let contact = contact.filter(|number| !number.is_empty());
    let digits = |number: &String| Jid::pn(number.chars().filter(char::is_ascii_digit).collect::<String>());
    let Some(asked) = jid(user, "jid").or_else(|| contact.as_ref().map(digits)) else {
        return Ok(None);
    };
    let asked = asked.into_non_ad();
    let Some(account) = core.user(&asked).await? else {
        return Ok(contact.map(|number| unknown_contact(asked, number)));
    };
    let query = Query {
        core: Arc::clone(core),
        trusted: core.shows_token(user, &account, viewer).await?,
        viewer: Arc::clone(viewer),
        known_devices: user.get_optional_child("devices").and_then(|known| text(known, "device_hash")),
        account,
        asked,
        contact,
    };
    let mut answers = Vec::new();
    for (tag, protocol) in PROTOCOLS {
        if wanted.contains(tag) {
            answers.extend(protocol(&query).await?);
        }
    }
    if answers.is_empty() && wanted == ["devices"] {
        return Ok(None);
    }
    let mut node = NodeBuilder::new("user").attr("jid", &query.asked);
    if query.asked.server.is_lid_family() {
        node = node.attr("pn_jid", query.account.pn_jid(0));
    }
    Ok(Some(node.children(answers).build()))
}

/// A number that is not on this network; other users that do not exist are left out.
fn unknown_contact(asked: Jid, number: String) -> Node {
    let contact = NodeBuilder::new("contact").attr("type", "out").string_content(number).build();
    NodeBuilder::new("user").attr("jid", asked).children([contact]).build()
}

/// The answer of a protocol that says nothing about a user.
fn refused(tag: &'static str, code: u16, reason: &'static str) -> Node {
    let error = NodeBuilder::new("error").attr("code", code).attr("text", reason).build();
    NodeBuilder::new(tag).children([error]).build()
}
