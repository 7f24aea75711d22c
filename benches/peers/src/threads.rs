//! What a second thread gives, against what it gives to a control loop that shares nothing.
//!
//! Both threads send to one server. Each prepares its own requests, so that no memory of one thread is freed by the
//! other. Measured in wall time: see [`crate::clock`].

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use memchr::memmem::Finder;

use crate::control::Control;
use crate::single::{answer_all, answer_each};
use crate::subject::{Operation, Request, Subject};

/// The best throughput so far, with one thread and with two.
#[derive(Clone, Copy, Default)]
pub struct Scaling {
    one: f64,
    two: f64,
}

impl Scaling {
    /// How many times the work of one thread two threads do.
    pub fn factor(self) -> f64 {
        self.two / self.one
    }

    /// One round of a library.
    pub fn measure<S: Subject>(&mut self, operation: Operation) {
        self.one = self.one.max(requests_per_second::<S>(operation, 1));
        self.two = self.two.max(requests_per_second::<S>(operation, 2));
    }

    /// One round of the control loop.
    pub fn measure_control(&mut self) {
        self.one = self.one.max(control_steps_per_second(1));
        self.two = self.two.max(control_steps_per_second(2));
    }
}

fn requests_per_second<S: Subject>(operation: Operation, threads: usize) -> f64 {
    let subject = S::start();
    subject.populate(LIVE_GRANTS);
    let expected = Finder::new(operation.expected());
    steps_per_second(threads, || {
        let mut warm_up = subject.prepare(operation, WARM_UP + STEPS);
        let timed = warm_up.split_off(WARM_UP);
        let requests: Vec<Request> = timed.iter().map(|spent| subject.request(operation, spent)).collect();
        answer_all(&subject, operation, &warm_up);
        let (subject, expected) = (&subject, &expected);
        move || answer_each(subject, operation, requests, expected)
    })
}

fn control_steps_per_second(threads: usize) -> f64 {
    steps_per_second(threads, || {
        let mut control = Control::new();
        move || (0..STEPS).for_each(|_| control.step())
    })
}

/// Lets every thread prepare its work, then starts all of them together, and counts until the last one is done.
fn steps_per_second<W: FnOnce()>(threads: usize, prepare: impl Fn() -> W + Sync) -> f64 {
    let barrier = Barrier::new(threads);
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let work = prepare();
                    barrier.wait();
                    let started_at = Instant::now();
                    work();
                    (started_at, Instant::now())
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    });
    let started_at = spans.iter().map(|span| span.0).min();
    let ended_at = spans.iter().map(|span| span.1).max();
    let elapsed = ended_at.zip(started_at).map_or(Duration::ZERO, |(end, start)| end.duration_since(start));
    let steps = u32::try_from(threads * STEPS).expect("a round is small");
    f64::from(steps) / elapsed.as_secs_f64()
}

const LIVE_GRANTS: usize = 1_000;
const WARM_UP: usize = 64;
const STEPS: usize = 2_048;
