//! The ports of people.

use std::sync::Arc;

use wagate_domain::{
    people::{PeoplePorts, PeopleRules},
    ports::{
        Attempts, Identities, Members, Outbox, Passwords, People, Providers, SecondFactors, SignIns,
        Standings, Tokens,
    },
};

/// Everything a handler may touch that deals with people.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct PeopleParts {
    /// People and their one-time codes.
    pub people: Arc<dyn People>,
    /// What people are, for deciding about their requests.
    pub standings: Arc<dyn Standings>,
    /// Who belongs to which workspace.
    pub members: Arc<dyn Members>,
    /// Sign-ins and their refresh tokens.
    pub sign_ins: Arc<dyn SignIns>,
    /// Second factors.
    pub factors: Arc<dyn SecondFactors>,
    /// Which accounts at providers let whom in.
    pub identities: Arc<dyn Identities>,
    /// The way to providers and back.
    pub providers: Arc<dyn Providers>,
    /// Access tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Hashes passwords.
    pub passwords: Arc<dyn Passwords>,
    /// Counts attempts.
    pub attempts: Arc<dyn Attempts>,
    /// Where mail is put.
    pub outbox: Arc<dyn Outbox>,
    /// How this installation deals with people.
    pub rules: PeopleRules,
}

impl PeopleParts {
    /// The ports of the use-cases.
    #[must_use]
    pub fn ports(&self) -> PeoplePorts<'_> {
        PeoplePorts {
            people: &*self.people,
            members: &*self.members,
            sign_ins: &*self.sign_ins,
            factors: &*self.factors,
            identities: &*self.identities,
            providers: &*self.providers,
            tokens: &*self.tokens,
            passwords: &*self.passwords,
            attempts: &*self.attempts,
            outbox: &*self.outbox,
            rules: &self.rules,
        }
    }
}
