//! The QR code on offer right now, waiting a moment for the first one.

use std::time::Duration;

use futures::future::{Either, select};
use wagate_domain::{
    SessionId, Timestamp,
    auth::Principal,
    sessions::{Command, CommandReply, Pairing, SessionKey},
};

use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// How long to wait for a code when none is on offer.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often to look meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A code that can be scanned now.
pub(super) struct Offer {
    pub(super) code: String,
    pub(super) expires_at: Timestamp,
}

/// The code on offer; asks the owner for one when there is none.
pub(super) async fn current(state: &ApiState, caller: Principal, id: SessionId) -> Result<Offer, Problem> {
    let session = super::find_unlinked(state, caller, id).await?;
    if let Some(offer) = look(state, session.key()).await? {
        return Ok(offer);
    }
    let ask = Box::pin(state.calls.call(session.key(), &Command::OfferQr, PATIENCE));
    let watch = Box::pin(watch(state, caller, session.key()));
    let deadline = tokio::time::timeout(PATIENCE, async {
        match select(ask, watch).await {
            Either::Left((reply, watch)) => match reply? {
                Some(CommandReply::Refused { code, message }) => Err(super::refused(&code, &message)),
                Some(CommandReply::Pairing(Pairing::Qr { code, expires_at })) => {
                    Ok(Offer { code, expires_at })
                }
                Some(
                    CommandReply::Pairing(Pairing::Code { .. })
                    | CommandReply::Done
                    | CommandReply::Health(_),
                )
                | None => watch.await,
            },
            Either::Right((offer, _)) => offer,
        }
    });
    deadline.await.unwrap_or_else(|_| Err(Problem::plain(Code::PairingNotReady).retry_after(2)))
}

/// Looks until there is a code, or until there is a reason why there will be none.
async fn watch(state: &ApiState, caller: Principal, key: SessionKey) -> Result<Offer, Problem> {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Some(offer) = look(state, key).await? {
            return Ok(offer);
        }
        super::find_unlinked(state, caller, key.id).await?;
    }
}

/// A code on offer that has not run out.
async fn look(state: &ApiState, key: SessionKey) -> Result<Option<Offer>, Problem> {
    let now = state.env.now();
    Ok(match state.calls.offered(key).await? {
        Some(Pairing::Qr { code, expires_at }) if expires_at > now => Some(Offer { code, expires_at }),
        Some(Pairing::Qr { .. } | Pairing::Code { .. }) | None => None,
    })
}
