//! `w:biz`: business profiles.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::request::{Answer, IqError, Request};
use crate::nodes::{empty, jid};
use crate::options::Business;

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        request.origin()?;
        let Some(wanted) = request.node.get_optional_child("business_profile") else {
            tracing::info!(
                sender = request.sender(),
                "unknown business request answered with an empty result"
            );
            return Ok(Answer::empty());
        };
        let mut profiles = Vec::new();
        for asked in wanted.get_children_by_tag("profile").filter_map(|profile| jid(profile, "jid")) {
            let asked = asked.into_non_ad();
            let account = request.core.user(&asked).await?;
            if let Some(business) = account.and_then(|account| account.options().business.clone()) {
                profiles.push(profile(&asked, &business));
            }
        }
        if profiles.is_empty() {
            return Ok(Answer::with(empty("business_profile")));
        }
        Ok(Answer::with(NodeBuilder::new("business_profile").children(profiles).build()))
    })
}

fn profile(asked: &Jid, business: &Business) -> Node {
    let text = |tag: &'static str, text: &str| NodeBuilder::new(tag).bytes(text.to_owned()).build();
    let hours = business.hours.iter().map(|hours| {
        let mut node = NodeBuilder::new("business_hours_config")
            .attr("day_of_week", hours.day.as_str())
            .attr("mode", hours.mode.as_str());
        for (key, minutes) in [("open_time", hours.open), ("close_time", hours.close)] {
            if let Some(minutes) = minutes {
                node = node.attr(key, minutes);
            }
        }
        node.build()
    });
    let category = NodeBuilder::new("category").attr("id", 1).bytes(business.category.clone()).build();
    let mut children = vec![
        text("description", &business.description),
        NodeBuilder::new("categories").children([category]).build(),
        NodeBuilder::new("business_hours")
            .attr("timezone", business.timezone.as_str())
            .children(hours)
            .build(),
    ];
    children.extend(business.email.iter().map(|email| text("email", email)));
    children.extend(business.address.iter().map(|address| text("address", address)));
    children.extend(business.websites.iter().map(|website| text("website", website)));
    NodeBuilder::new("profile").attr("jid", asked).children(children).build()
}
