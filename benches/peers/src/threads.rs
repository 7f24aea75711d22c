//! What a second thread gives, against what it gives to a control loop that shares nothing.
//!
//! Both threads send to one server. Each prepares its own requests, so that no memory of one thread is freed by the
//! other. Measured in wall time, because a thread that waits spends no CPU time, so it needs both cores of the machine
//! for itself; the CPU time that a request takes longer when there are two threads is told beside.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use memchr::memmem::Finder;

use crate::clock::cpu_time_of;
use crate::control::Control;
use crate::single::{Best, answer_all, answer_each, per_request};
use crate::subject::{Operation, Request, Subject};

/// The best rounds so far, with one thread and with two.
#[derive(Clone, Copy, Default)]
pub struct Scaling {
    one: Pace,
    two: Pace,
}

impl Scaling {
    /// How many times the work of one thread two threads do.
    pub fn factor(self) -> f64 {
        2.0 * self.one.wall.nanoseconds().unwrap_or(f64::NAN) / self.two.wall.nanoseconds().unwrap_or(f64::NAN)
    }

    /// How many times the CPU time of a request two threads need.
    pub fn surcharge(self) -> f64 {
        self.two.cpu.nanoseconds().unwrap_or(f64::NAN) / self.one.cpu.nanoseconds().unwrap_or(f64::NAN)
    }

    /// One round of a library.
    pub fn measure<S: Subject>(&mut self, operation: Operation) {
        answer_on::<S>(operation, 1, &mut self.one);
        answer_on::<S>(operation, 2, &mut self.two);
    }

    /// One round of the control loop.
    pub fn measure_control(&mut self) {
        control_on(1, &mut self.one);
        control_on(2, &mut self.two);
    }
}

/// How long a thread takes for one step.
#[derive(Clone, Copy, Default)]
struct Pace {
    wall: Best,
    cpu: Best,
}

fn answer_on<S: Subject>(operation: Operation, threads: usize, pace: &mut Pace) {
    let subject = S::start();
    subject.populate(LIVE_GRANTS);
    let expected = Finder::new(operation.expected());
    run_on(threads, pace, || {
        let mut warm_up = subject.prepare(operation, WARM_UP + STEPS);
        let timed = warm_up.split_off(WARM_UP);
        let requests: Vec<Request> = timed.iter().map(|spent| subject.request(operation, spent)).collect();
        answer_all(&subject, operation, &warm_up);
        let (subject, expected) = (&subject, &expected);
        move || answer_each(subject, operation, requests, expected)
    });
}

fn control_on(threads: usize, pace: &mut Pace) {
    run_on(threads, pace, || {
        let mut control = Control::new();
        move || (0..STEPS).for_each(|_| control.step())
    });
}

/// Lets every thread prepare its work, then starts all of them together, and waits until the last one is done.
fn run_on<W: FnOnce()>(threads: usize, pace: &mut Pace, prepare: impl Fn() -> W + Sync) {
    let barrier = Barrier::new(threads);
    let run = || {
        let work = prepare();
        barrier.wait();
        let started_at = Instant::now();
        let ((), cpu) = cpu_time_of(work);
        (started_at, Instant::now(), cpu)
    };
    let spans: Vec<(Instant, Instant, Duration)> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    });
    let started_at = spans.iter().map(|span| span.0).min();
    let ended_at = spans.iter().map(|span| span.1).max();
    let wall = ended_at.zip(started_at).map_or(Duration::ZERO, |(end, start)| end.duration_since(start));
    pace.wall.offer(per_request(wall, STEPS));
    pace.cpu.offer(per_request(spans.iter().map(|span| span.2).sum(), threads * STEPS));
}

const LIVE_GRANTS: usize = 1_000;
const WARM_UP: usize = 64;
const STEPS: usize = 4_096;
