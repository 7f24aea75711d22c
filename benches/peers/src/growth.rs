//! What many live grants cost: the average request to a random one of them, and the worst request on the way.
//!
//! A grant is picked at random and used once, so that at 10^6 its record is cold. At 10^3 everything fits into the
//! cache, so the growth includes what the machine's memory costs, not only what the storage does.

use std::time::Duration;

use crate::clock::cpu_time_of;
use crate::single::{Best, answer_all, per_request};
use crate::subject::{Operation, Subject, Tokens, user};

/// A server with many live grants, some of which are known by their tokens.
pub struct Population<S> {
    subject: S,
    sample: Vec<Tokens>,
    /// The most CPU time that one approval or one redemption took.
    pub worst: Duration,
}

impl<S: Subject> Population<S> {
    /// Grows a server from nothing. The sample is spread over the whole population, in random order.
    pub fn grow(live_grants: usize, sample_size: usize) -> Self {
        let subject = S::start();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut sample = Vec::with_capacity(sample_size);
        let mut worst = Duration::ZERO;
        for number in 0..live_grants {
            let user = user(number);
            let (code, approving) = cpu_time_of(|| subject.approve(&user));
            let request = subject.redeem_request(&code);
            let (reply, redeeming) = cpu_time_of(|| subject.answer(request));
            worst = worst.max(approving).max(redeeming);
            let wanted = sample_size - sample.len();
            if random.below(live_grants - number) < wanted {
                sample.push(Tokens::from_reply(&reply));
            } else {
                assert!(reply.is_good(Operation::RedeemCode), "{} failed while growing", S::NAME);
            }
        }
        for index in (1..sample.len()).rev() {
            sample.swap(index, random.below(index + 1));
        }
        Self { subject, sample, worst }
    }

    /// The cost of one request to a grant that was not used since it was redeemed.
    pub fn cost(&mut self, operation: Operation) -> f64 {
        let grants = self.sample.split_off(self.sample.len() - BATCH);
        let spent: Vec<String> = grants.into_iter().map(|tokens| tokens.spent_by(operation)).collect();
        let (warm_up, timed) = spent.split_at(CHUNK);
        answer_all(&self.subject, operation, warm_up);
        let mut time = Duration::ZERO;
        let mut count = 0;
        // A library that scans everything on revocation would take minutes for a whole batch.
        for chunk in timed.chunks(CHUNK) {
            if time > ENOUGH {
                break;
            }
            time += answer_all(&self.subject, operation, chunk);
            count += chunk.len();
        }
        per_request(time, count)
    }
}

/// The costs of some operations at one size.
pub struct Costs {
    operations: Vec<Operation>,
    best: Vec<Best>,
    pub worst: Option<Duration>,
}

impl Costs {
    pub fn new(operations: &[Operation]) -> Self {
        Self { operations: operations.to_vec(), best: vec![Best::default(); operations.len()], worst: None }
    }

    /// Grows one population and measures every operation on it as often as asked.
    pub fn measure<S: Subject>(&mut self, live_grants: usize, rounds: usize) {
        let sample_size = BATCH * rounds * self.operations.len();
        let mut population = Population::<S>::grow(live_grants, sample_size);
        for _ in 0..rounds {
            for (operation, best) in self.operations.iter().zip(&mut self.best) {
                best.offer(population.cost(*operation));
            }
        }
        // A table that is rebuilt at once is rebuilt in every population; an interrupt hits only one.
        self.worst = Some(self.worst.map_or(population.worst, |worst| worst.min(population.worst)));
    }

    pub fn of(&self, operation: Operation) -> f64 {
        let index = self.operations.iter().position(|measured| *measured == operation);
        index.and_then(|index| self.best[index].nanoseconds()).unwrap_or(f64::NAN)
    }
}

/// How many grants one round of one operation uses.
const BATCH: usize = 256;
const CHUNK: usize = 16;
const ENOUGH: Duration = Duration::from_secs(1);

/// xorshift64*: which grants are picked only has to be the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        let bound = u64::try_from(bound).expect("a count fits");
        usize::try_from((bits * bound) >> 32).expect("below the bound")
    }
}
