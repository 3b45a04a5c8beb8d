//! Channels of phones. A phone posts to one as it writes to a chat (`POST …/messages` with the
//! channel's JID in `to`; edits, deletions and reactions are `content`), and finds what it
//! follows in the chat of that JID.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::{Body, Paging};
use super::number::{channel, digits};
use super::problem::Problem;
use super::views::rfc3339;
use crate::phones::{ChannelCard, ChannelPost};

/// Posts that the network answers at a time, at most.
const MOST_POSTS: u32 = 300;

/// A channel to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewChannel {
    name: String,
    #[serde(default)]
    description: String,
}

/// Changes; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelChange {
    name: Option<String>,
    /// The empty one removes it.
    description: Option<String>,
}

/// A channel as the phone sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChannelView {
    /// JID.
    id: String,
    name: String,
    description: String,
    /// Code that finds it.
    invite: String,
    /// `owner`, `admin`, `subscriber` or `guest`.
    role: String,
    /// Followers, the owner included.
    subscribers: u64,
    /// Path of its picture under the media endpoint.
    picture: Option<String>,
}

impl From<ChannelCard> for ChannelView {
    fn from(card: ChannelCard) -> Self {
        Self {
            id: card.jid,
            name: card.name,
            description: card.description,
            invite: card.invite,
            role: card.role,
            subscribers: card.subscribers,
            picture: card.picture,
        }
    }
}

/// Channels that the phone follows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChannelList {
    items: Vec<ChannelView>,
}

/// A post of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PostView {
    id: String,
    /// Number in the channel, from 100.
    server_id: u64,
    /// `text`, `media`, `poll_creation`, `revoke`, …
    r#type: String,
    /// Text or caption.
    text: Option<String>,
    /// RFC 3339, UTC.
    time: String,
    /// Whether this account wrote it.
    own: bool,
    reactions: Vec<ReactionCount>,
    /// Accounts that have seen it.
    views: u64,
}

/// A reaction and how many gave it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReactionCount {
    emoji: String,
    count: u64,
}

impl From<ChannelPost> for PostView {
    fn from(post: ChannelPost) -> Self {
        let reactions = post.reactions.into_iter().map(|(emoji, count)| ReactionCount { emoji, count });
        Self {
            id: post.id,
            server_id: post.server_id,
            r#type: post.kind,
            text: post.text,
            time: rfc3339(post.time),
            own: post.own,
            reactions: reactions.collect(),
            views: post.views,
        }
    }
}

/// Posts of a channel, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PostList {
    items: Vec<PostView>,
    /// Leads to older posts.
    next_cursor: Option<String>,
}

/// Channels that the phone follows, its own included.
#[utoipa::path(get, path = "/v1/phones/{number}/channels", tag = "channels", params(("number" = String, Path)),
    responses((status = 200, body = ChannelList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<ChannelList>, Problem> {
    let channels = control.phones.channels(&digits("number", &number)?).await?;
    Ok(Json(ChannelList { items: channels.into_iter().map(ChannelView::from).collect() }))
}

/// Makes a channel that the phone owns.
#[utoipa::path(post, path = "/v1/phones/{number}/channels", tag = "channels", params(("number" = String, Path)),
    request_body = NewChannel, responses((status = 201, body = ChannelView), (status = "4XX", body = Problem)))]
pub(super) async fn create(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(new): Body<NewChannel>,
) -> Result<(StatusCode, Json<ChannelView>), Problem> {
    if new.name.is_empty() {
        return Err(Problem::field("name", "The name is empty.", "Give the channel a name."));
    }
    let number = digits("number", &number)?;
    let made = control.phones.create_channel(&number, &new.name, &new.description).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// A channel, by JID or by invite code.
#[utoipa::path(get, path = "/v1/phones/{number}/channels/{channel}", tag = "channels",
    params(("number" = String, Path), ("channel" = String, Path)),
    responses((status = 200, body = ChannelView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path((number, which)): Path<(String, String)>,
) -> Result<Json<ChannelView>, Problem> {
    let which = channel("channel", &which).unwrap_or(which);
    Ok(Json(control.phones.channel(&digits("number", &number)?, &which).await?.into()))
}

/// Changes name and description of the phone's channel.
#[utoipa::path(patch, path = "/v1/phones/{number}/channels/{channel}", tag = "channels",
    params(("number" = String, Path), ("channel" = String, Path)), request_body = ChannelChange,
    responses((status = 200, body = ChannelView), (status = "4XX", body = Problem)))]
pub(super) async fn change(
    State(control): State<Control>,
    Path((number, which)): Path<(String, String)>,
    Body(change): Body<ChannelChange>,
) -> Result<Json<ChannelView>, Problem> {
    let (number, which) = (digits("number", &number)?, channel("channel", &which)?);
    let (name, description) = (change.name.as_deref(), change.description.as_deref());
    Ok(Json(control.phones.change_channel(&number, &which, name, description).await?.into()))
}

/// Deletes the phone's channel for everybody.
#[utoipa::path(delete, path = "/v1/phones/{number}/channels/{channel}", tag = "channels",
    params(("number" = String, Path), ("channel" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn remove(
    State(control): State<Control>,
    Path((number, which)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.delete_channel(&digits("number", &number)?, &channel("channel", &which)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Follows a channel: its posts appear on the phone from now on.
#[utoipa::path(put, path = "/v1/phones/{number}/channels/{channel}/follow", tag = "channels",
    params(("number" = String, Path), ("channel" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn follow(
    State(control): State<Control>,
    Path((number, which)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.follow_channel(&digits("number", &number)?, &channel("channel", &which)?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ceases to follow a channel.
#[utoipa::path(delete, path = "/v1/phones/{number}/channels/{channel}/follow", tag = "channels",
    params(("number" = String, Path), ("channel" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn unfollow(
    State(control): State<Control>,
    Path((number, which)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.follow_channel(&digits("number", &number)?, &channel("channel", &which)?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The newest posts of a channel with their reactions and views, oldest first.
#[utoipa::path(get, path = "/v1/phones/{number}/channels/{channel}/posts", tag = "channels",
    params(("number" = String, Path), ("channel" = String, Path), Paging),
    responses((status = 200, body = PostList), (status = "4XX", body = Problem)))]
pub(super) async fn posts(
    State(control): State<Control>,
    Path((number, which)): Path<(String, String)>,
    paging: Paging,
) -> Result<Json<PostList>, Problem> {
    let (number, which) = (digits("number", &number)?, channel("channel", &which)?);
    let before = Some(paging.seq()?).filter(|before| *before > 0).map(i64::cast_unsigned);
    let count = paging.limit.min(MOST_POSTS);
    let posts = control.phones.channel_posts(&number, &which, count, before).await?;
    let full = u32::try_from(posts.len()).is_ok_and(|found| found == count);
    let next_cursor = posts.first().filter(|_| full).map(|post| post.server_id.to_string());
    Ok(Json(PostList { items: posts.into_iter().map(PostView::from).collect(), next_cursor }))
}
