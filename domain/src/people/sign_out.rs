//! Where a person is signed in, and signing out: of one sign-in, or of all.

use super::{
    PeoplePorts, SignIn,
    entry::{ACCESS_TTL, idle_since},
};
use crate::{Env, SignInId, UserId, ports::PortResult};

/// The sign-ins of a person that have not ended, oldest first.
///
/// # Errors
/// When a machine fails.
pub async fn list_sign_ins(env: &Env, ports: PeoplePorts<'_>, user: UserId) -> PortResult<Vec<SignIn>> {
    let now = env.now();
    ports.sign_ins.list(user, now, idle_since(now)).await
}

/// Ends one sign-in of a person; `false` when there is none such. Its access tokens are void within a second.
///
/// # Errors
/// When a machine fails; doing it again mends it.
pub async fn sign_out(
    env: &Env,
    ports: PeoplePorts<'_>,
    user: UserId,
    sign_in: SignInId,
) -> PortResult<bool> {
    let ended = ports.sign_ins.end(user, sign_in, env.now()).await?;
    if ended {
        ports.tokens.revoke(&[sign_in]).await?;
    }
    Ok(ended)
}

/// Ends every sign-in of a person. Access tokens are void within a second.
///
/// # Errors
/// When a machine fails; doing it again mends it.
pub async fn sign_out_everywhere(env: &Env, ports: PeoplePorts<'_>, user: UserId) -> PortResult<()> {
    let now = env.now();
    // also those that ended lately: an attempt before this one may have ended them and got no further
    let ended = ports.sign_ins.end_all(user, now, now.minus(ACCESS_TTL)).await?;
    ports.tokens.revoke(&ended).await
}
