//! What many live grants cost: the average request to a random one of them, and the worst request on the way.
//!
//! A grant is picked at random and used once, so that at 10^6 its record is cold. At 10^3 everything fits into the
//! cache, so the judged growth includes what the machine's memory costs, not only what the storage does. Beside it
//! stands the growth from 10^3 grants that were driven out of the cache before.

use std::hint::black_box;
use std::time::Duration;

use crate::clock::cpu_time_of;
use crate::single::{Best, answer_all, per_request};
use crate::subject::{Operation, Subject, Tokens, user};

/// A server with many live grants, some of which are known by their tokens.
struct Population<S> {
    subject: S,
    sample: Vec<Tokens>,
    /// The most CPU time that one approval or one redemption took.
    worst: Duration,
}

impl<S: Subject> Population<S> {
    /// Grows a server from nothing. The sample is spread over the whole population, in random order.
    fn grow(live_grants: usize, sample_size: usize) -> Self {
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
    fn cost(&mut self, operation: Operation) -> f64 {
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

/// What an operation costs with few grants and with many.
pub struct Growth {
    pub operation: Operation,
    few: Best,
    few_cold: Best,
    many: Best,
}

impl Growth {
    fn new(operation: Operation) -> Self {
        Self { operation, few: Best::default(), few_cold: Best::default(), many: Best::default() }
    }

    /// How many times the cost grows.
    pub fn factor(&self) -> f64 {
        nanoseconds(self.many) / nanoseconds(self.few)
    }

    /// The costs in nanoseconds, and how they grow if the few grants are cold too.
    pub fn remark(&self) -> String {
        let [few, few_cold, many] = [self.few, self.few_cold, self.many].map(nanoseconds);
        format!("ours {few:.0} to {many:.0} ns; {:.2} from {few_cold:.0} ns, cold", many / few_cold)
    }
}

/// Grows as many populations as asked, one after the other, and measures the operations with few grants and with many,
/// taking turns, so that a slow spell of the machine hits both. Returns the worst request too.
pub fn grow<S: Subject>(operations: &[Operation], live_grants: usize, populations: usize) -> (Vec<Growth>, Duration) {
    let mut growths: Vec<Growth> = operations.iter().copied().map(Growth::new).collect();
    let mut worst = Duration::MAX;
    let mut ballast = vec![0; BALLAST];
    for _ in 0..populations {
        let mut many = Population::<S>::grow(live_grants, BATCH * ROUNDS * operations.len());
        for _ in 0..ROUNDS {
            let mut few = Population::<S>::grow(FEW, BATCH * operations.len());
            let mut few_cold = Population::<S>::grow(FEW, BATCH * operations.len());
            for growth in &mut growths {
                growth.few.offer(few.cost(growth.operation));
                growth.many.offer(many.cost(growth.operation));
                drive_out_of_cache(&mut ballast);
                growth.few_cold.offer(few_cold.cost(growth.operation));
            }
        }
        // A table that is rebuilt at once is rebuilt in every population; an interrupt hits only one.
        worst = worst.min(many.worst);
    }
    (growths, worst)
}

fn nanoseconds(best: Best) -> f64 {
    best.nanoseconds().unwrap_or(f64::NAN)
}

/// Writes more memory than the caches hold.
fn drive_out_of_cache(ballast: &mut [u64]) {
    for word in ballast.iter_mut() {
        *word = word.wrapping_add(1);
    }
    black_box(ballast);
}

const FEW: usize = 1_000;
const ROUNDS: usize = 12;
/// 256 MiB of words.
const BALLAST: usize = 32 * 1024 * 1024;

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
