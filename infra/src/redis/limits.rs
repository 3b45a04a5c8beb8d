//! What is left of limits: one script decides for all processes, by the clock of Redis.

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::Value;
use wagate_domain::{
    Env, Timestamp,
    limits::{BEGINNINGS, Charge, Decision, Payer, Rule, Spent, Subject},
    ports::{Limits, PortResult},
};

use super::{call::garbled, connect::Redis, reply, scripts};

/// Of what is left of a quota, one part in so many may be taken ahead.
const SHARE: u64 = 100;
/// What the script answers for each subject.
const ANSWERS: usize = 5;

/// [`Limits`] on Redis: each call asks it.
#[derive(Debug, Clone)]
pub struct RedisLimits {
    redis: Redis,
    env: Env,
}

/// Things that are needed now, and some ahead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    /// What is needed; it may be nothing.
    pub(crate) charge: Charge,
    /// Most that is taken ahead.
    pub(crate) ahead: u64,
}

/// What came of wishes: all needs are met, or nothing was taken.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) allowed: bool,
    /// One for each wish.
    pub(crate) parts: Vec<Part>,
}

/// How a subject stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// How many were taken.
    pub(crate) taken: u64,
    /// How many are left.
    pub(crate) left: u64,
    /// Time until everything is there again.
    pub(crate) reset_after: Duration,
    /// What stands in the way of the need.
    pub(crate) obstacle: Option<Obstacle>,
    /// When the period of a quota began.
    pub(crate) began: Option<Timestamp>,
    /// When it ends.
    pub(crate) ends: Option<Timestamp>,
}

/// Why a need cannot be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It can after this time.
    For(Duration),
    /// It is more than there ever is.
    Forever,
}

impl Part {
    /// What a caller is told of it.
    pub(crate) fn decision(&self, charge: &Charge) -> Decision {
        Decision {
            allowed: self.obstacle.is_none(),
            subject: charge.subject,
            rule: charge.rule,
            remaining: self.left,
            reset_after: self.reset_after,
            retry_after: match self.obstacle {
                Some(Obstacle::For(time)) => Some(time),
                Some(Obstacle::Forever) | None => None,
            },
            ends: self.ends,
            spent: Vec::new(),
        }
    }

    /// What was used of a quota.
    pub(crate) fn spent(&self, charge: &Charge, count: u32) -> Option<Spent> {
        match (charge.rule, self.began) {
            (Rule::Quota { period, .. }, Some(began)) if count > 0 => Some(Spent { period, began, count }),
            _ => None,
        }
    }
}

impl RedisLimits {
    /// Limits of a connected Redis. The clock only says around which moment periods are.
    #[must_use]
    pub const fn new(redis: Redis, env: Env) -> Self {
        Self { redis, env }
    }

    /// Takes what is needed, and some ahead.
    pub(crate) async fn lease(&self, payer: Payer, wishes: &[Wish]) -> PortResult<Grant> {
        let mut keys = Vec::with_capacity(wishes.len());
        let mut args = Vec::with_capacity(wishes.len() * (BEGINNINGS + 5));
        let mut periods = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let Charge { subject, rule, cost } = wish.charge;
            keys.push(self.redis.keys().limit(payer, subject));
            let kind = if matches!(rule, Rule::Rate(_)) { "rate" } else { "quota" };
            args.extend([Value::from(kind), whole(u64::from(cost)), whole(wish.ahead)]);
            match rule {
                Rule::Rate(rate) => {
                    args.extend([whole(rate.interval()), whole(rate.tolerance())]);
                    args.extend(std::iter::repeat_n(Value::from(""), BEGINNINGS));
                    periods.push(Vec::new());
                }
                Rule::Quota { period, amount } => {
                    let around = period.around(self.env.now());
                    args.extend([whole(amount), whole(SHARE)]);
                    args.extend(around.map(|beginning| Value::from(beginning.as_millis())));
                    periods.push(around.to_vec());
                }
            }
        }
        let answer = self.redis.run(&scripts::LIMIT, keys, args).await?;
        read(&reply::list(answer)?, &periods)
    }
}

fn read(answer: &[Value], periods: &[Vec<Timestamp>]) -> PortResult<Grant> {
    let short = || garbled("the answer to a charge is too short");
    let numbers =
        answer.iter().map(|value| value.as_i64().ok_or_else(short)).collect::<PortResult<Vec<_>>>()?;
    let (allowed, rest) = numbers.split_first().ok_or_else(short)?;
    let parts = rest.chunks(ANSWERS).zip(periods).map(|(part, around)| {
        let [taken, left, resets, retry, began] = *part else { return Err(short()) };
        let began = Some(Timestamp::from_millis(began)).filter(|_| !around.is_empty());
        let ends = around.iter().copied().find(|beginning| Some(*beginning) > began);
        let micros = |number: i64| Duration::from_micros(u64::try_from(number).unwrap_or(0));
        Ok(Part {
            taken: u64::try_from(taken).unwrap_or(0),
            left: u64::try_from(left).unwrap_or(0),
            reset_after: micros(resets),
            obstacle: match retry {
                0 => None,
                1.. => Some(Obstacle::For(micros(retry))),
                _ => Some(Obstacle::Forever),
            },
            began,
            ends: ends.filter(|_| began.is_some()),
        })
    });
    let parts = parts.collect::<PortResult<Vec<_>>>()?;
    if parts.len() == periods.len() { Ok(Grant { allowed: *allowed == 1, parts }) } else { Err(short()) }
}

fn whole(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

#[async_trait]
impl Limits for RedisLimits {
    async fn take(&self, payer: Payer, charges: &[Charge]) -> PortResult<Option<Decision>> {
        if charges.is_empty() {
            return Ok(None);
        }
        let wishes: Vec<_> = charges.iter().map(|charge| Wish { charge: *charge, ahead: 0 }).collect();
        let grant = self.lease(payer, &wishes).await?;
        let told = charges.iter().zip(&grant.parts).map(|(charge, part)| part.decision(charge));
        let spent = charges.iter().zip(&grant.parts).filter(|_| grant.allowed);
        let spent = spent.filter_map(|(charge, part)| part.spent(charge, charge.cost)).collect();
        Ok(told.reduce(Decision::tighter).map(|decision| Decision { spent, ..decision }))
    }

    async fn give_back(&self, payer: Payer, spent: &[Spent]) -> PortResult<()> {
        if spent.is_empty() {
            return Ok(());
        }
        let key = |spent: &Spent| self.redis.keys().limit(payer, Subject::Messages(spent.period));
        let args = spent.iter().flat_map(|spent| {
            [Value::from(spent.began.as_millis().to_string()), whole(u64::from(spent.count))]
        });
        let (keys, args) = (spent.iter().map(key).collect(), args.collect());
        self.redis.run(&scripts::GIVE_BACK, keys, args).await.map(drop)
    }
}
