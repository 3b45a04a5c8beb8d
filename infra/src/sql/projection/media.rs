//! Media events onto the media object's row.

use wagate_domain::{
    media::{Media, MediaState},
    ports::PortResult,
};

use super::tracked::Tracked;
use crate::sql::rows::{media::Model, signed};

/// Settles an object: forward only, and what is in S3 stays there. Says whether that changed anything.
pub(super) fn settle(row: &mut Tracked<Model>, media: &Media) -> PortResult<bool> {
    let known = Media::try_from(row.row().clone())?;
    if known.workspace != media.workspace || rank(known.state) >= rank(media.state) {
        return Ok(false);
    }
    let row = row.change();
    media.state.name().clone_into(&mut row.state);
    if media.state == MediaState::Ready {
        row.size = signed(media.size);
        row.sha256.clone_from(&media.sha256);
    }
    Ok(true)
}

const fn rank(state: MediaState) -> u8 {
    match state {
        MediaState::Pending => 0,
        MediaState::Failed => 1,
        MediaState::Expired => 2,
        MediaState::Ready => 3,
    }
}
