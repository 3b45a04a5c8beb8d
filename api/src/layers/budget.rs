//! What is left of a limit, in headers: `RateLimit-Limit`, `-Remaining`, `-Reset` and `-Policy` as in
//! draft-ietf-httpapi-ratelimit-headers-06, the last version with one field for each; and `Retry-After` (RFC 9110).

use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use wagate_domain::{
    limits::{Charge, Decision, Payer, Rule},
    ports::PortError,
};

use crate::{ApiState, problem::Problem};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Requests that were let through although nobody could say what is left.
const UNCOUNTED: &str = "wagate_limits_uncounted_total";

/// Charges a request; what is left, to be [shown](show) with its answer. While Redis is away requests are let through
/// uncounted: what must not be lost or doubled is refused without it anyway, and reading goes on.
///
/// # Errors
/// `rate_limited`.
pub(crate) async fn admit_budget(
    state: &ApiState,
    payer: Payer,
    charges: &[Charge],
) -> Result<Option<Decision>, Problem> {
    match state.terms.limits.take(payer, charges).await {
        Ok(Some(decision)) if !decision.allowed => Err(Problem::limited(Box::new(decision))),
        Ok(decision) => Ok(decision),
        Err(PortError::Unavailable { .. }) => {
            metrics::counter!(UNCOUNTED).increment(1);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes what is left into an answer's headers. Of several limits an answer tells the one that is nearest to refusing.
pub(crate) fn show(response: &mut Response, decision: Decision) {
    let decision = match response.extensions_mut().remove::<Decision>() {
        Some(shown) => shown.tighter(decision),
        None => decision,
    };
    write(response.headers_mut(), &decision);
    response.extensions_mut().insert(decision);
}

fn write(headers: &mut HeaderMap, decision: &Decision) {
    headers.insert(LIMIT, decision.rule.capacity().into());
    headers.insert(REMAINING, decision.remaining.into());
    headers.insert(RESET, seconds(decision.reset_after).into());
    if let Ok(policy) = HeaderValue::from_str(&policy(decision)) {
        headers.insert(POLICY, policy);
    }
    match decision.retry_after {
        // a client that comes back at the end of this second is let in
        Some(time) if !decision.allowed => headers.insert(header::RETRY_AFTER, seconds(time).max(1).into()),
        _ => None,
    };
}

/// The limit in words of the draft: how many in a window of `w` seconds, how many of them at once, and whose.
fn policy(decision: &Decision) -> String {
    let name = decision.subject.name();
    match decision.rule {
        Rule::Rate(rate) => {
            let (amount, window, burst) = (rate.amount, rate.seconds, rate.capacity());
            format!("{amount};w={window};burst={burst};comment=\"{name}\"")
        }
        Rule::Quota { period, amount } => {
            let window = decision.ends.map_or(0, |ends| {
                let [_, began, ..] = period.around(ends.minus(Duration::from_millis(1)));
                ends.since(began).as_secs()
            });
            format!("{amount};w={window};comment=\"messages of the {name}\"")
        }
    }
}

fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use wagate_domain::limits::{Period, Rate, Subject};

    use super::*;

    fn decision(rule: Rule, remaining: u64, retry_after: Option<Duration>) -> Decision {
        Decision {
            allowed: retry_after.is_none(),
            subject: match rule {
                Rule::Rate(_) => Subject::Workspace,
                Rule::Quota { period, .. } => Subject::Messages(period),
            },
            rule,
            remaining,
            reset_after: Duration::from_millis(1_001),
            retry_after,
            ends: Some("2026-12-01T00:00:00Z".parse().unwrap()),
            spent: Vec::new(),
        }
    }

    fn shown(decisions: impl IntoIterator<Item = Decision>) -> Vec<String> {
        let mut response = ().into_response();
        for decision in decisions {
            show(&mut response, decision);
        }
        let text = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        [LIMIT, REMAINING, RESET, POLICY, header::RETRY_AFTER].map(text).into()
    }

    #[test]
    fn the_tightest_limit_is_shown() {
        let rate = Rule::Rate(Rate { amount: 60, seconds: 60, burst: 10 });
        let month = Rule::Quota { period: Period::Month, amount: 1_000 };
        let (half, little) = (decision(rate, 5, None), decision(month, 100, None));
        let monthly = ["1000", "100", "2", "1000;w=2592000;comment=\"messages of the month\"", ""];
        assert_eq!(shown([half.clone(), little.clone()]), monthly);
        assert_eq!(shown([little.clone(), half]), monthly);
        let refused = decision(rate, 0, Some(Duration::from_millis(200)));
        let at_once = ["10", "0", "2", "60;w=60;burst=10;comment=\"workspace\"", "1"];
        assert_eq!(shown([little, refused]), at_once);
    }
}
