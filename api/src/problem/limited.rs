//! What a caller is told who has used up what it may.

use wagate_domain::limits::{Decision, Rule, Subject};

use super::{Code, Problem};

impl Problem {
    /// A limit is reached: which one, how much it allows, and when there is more.
    pub(crate) fn limited(decision: Box<Decision>) -> Self {
        let (code, detail) = match decision.rule {
            Rule::Rate(rate) => {
                let (amount, seconds, burst) = (rate.amount, rate.seconds, rate.capacity());
                let (name, what) = (decision.subject.name(), counted(decision.subject));
                let detail =
                    format!("The {name} may take {amount} {what} in {seconds} s, {burst} of them at once");
                (Code::RateLimited, detail)
            }
            Rule::Quota { period, amount } => {
                let ends =
                    decision.ends.map_or_else(String::new, |ends| format!("; the next begins at {ends}"));
                let (period, left) = (period.name(), decision.remaining);
                let detail = format!(
                    "The workspace has {left} of its {amount} messages of this {period} (UTC) left{ends}"
                );
                (Code::QuotaExceeded, detail)
            }
        };
        let problem = Self::new(code, detail);
        let problem = if decision.is_hopeless() {
            problem.remedy(format!("Send at most {} messages in one request.", decision.rule.capacity()))
        } else {
            problem
        };
        Self { left: Some(decision), ..problem }
    }
}

/// What is counted of a subject.
const fn counted(subject: Subject) -> &'static str {
    match subject {
        Subject::Address | Subject::Caller(_) | Subject::Workspace => "requests",
        Subject::Session(_) | Subject::Messages(_) => "messages",
    }
}
