//! New tokens for old: each refresh token is good once, and one that comes a second time ends the whole sign-in.

use std::time::Duration;

use super::{
    Entered, PeoplePorts, TokenSecret, Visit,
    entry::{hand_out, idle_since, may_ask_for},
    register::send,
};
use crate::{
    Env, Timestamp,
    mail::Letter,
    ports::{EarlierUse, PortError, Presented},
};

/// A token that was used so shortly before gives the same successor again: two tabs that refresh at the same moment,
/// and a caller whose answer got lost, are no thieves. Only until the successor is used.
pub const GRACE: Duration = Duration::from_secs(10);

/// Why there are no new tokens.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is unknown, or its sign-in is over.
    #[error("the refresh token is not good any more")]
    Gone,
    /// The token was used before: the sign-in is over now.
    #[error("the refresh token was used before")]
    Reused,
    /// They do not belong to the workspace that was asked for.
    #[error("not a member of that workspace")]
    NotMember,
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Takes a refresh token and hands out its successor with a new access token.
///
/// # Errors
/// See [`RefreshError`].
pub async fn refresh(
    env: &Env,
    ports: PeoplePorts<'_>,
    token: &TokenSecret,
    visit: &Visit,
) -> Result<Entered, RefreshError> {
    let (now, salt) = (env.now(), format!("{:032x}", env.random()));
    let (hash, successor) = (token.hash(), token.successor(&salt));
    let presented = Presented {
        token: &hash,
        salt: &salt,
        successor: &successor.hash(),
        now,
        idle_since: idle_since(now),
    };
    let rotation = ports.sign_ins.rotate(presented).await?.ok_or(RefreshError::Gone)?;
    let sign_in = rotation.sign_in;
    let successor = match rotation.before {
        None => successor,
        Some(before) if forgiven(&before, now) => token.successor(&before.salt),
        Some(_) => {
            ports.sign_ins.end(sign_in.user, sign_in.id, now).await?;
            ports.tokens.revoke(&[sign_in.id]).await?;
            if let Some(person) = ports.people.get(sign_in.user).await? {
                send(env, ports, &person.address, Letter::SignInRevoked).await?;
            }
            return Err(RefreshError::Reused);
        }
    };
    let person = ports.people.get(sign_in.user).await?.filter(|person| person.disabled_at.is_none());
    let person = person.ok_or(RefreshError::Gone)?;
    if !may_ask_for(ports, &person, visit).await? {
        return Err(RefreshError::NotMember);
    }
    Ok(hand_out(ports, &sign_in, successor, visit.workspace, now).await?)
}

fn forgiven(before: &EarlierUse, now: Timestamp) -> bool {
    !before.successor_used && now.since(before.at) <= GRACE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_forgiven() {
        let at = Timestamp::from_millis(100_000);
        for (millis, successor_used, good) in
            [(0, false, true), (10_000, false, true), (10_001, false, false), (0, true, false)]
        {
            let before = EarlierUse { at, salt: String::new(), successor_used };
            assert_eq!(forgiven(&before, at.plus(Duration::from_millis(millis))), good, "{millis}");
        }
    }
}
