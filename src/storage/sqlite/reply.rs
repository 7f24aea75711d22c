//! One answer from a thread to a task.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Two ends: the thread gives, the task awaits.
pub(super) fn pair<T>() -> (Reply<T>, Answer<T>) {
    let shared = Arc::new(Shared(Mutex::new(State::Awaited(None))));
    (Reply(Arc::clone(&shared)), Answer(shared))
}

/// The thread's end. Dropped without an answer, it says that there will be none.
#[derive(Debug)]
pub(super) struct Reply<T>(Arc<Shared<T>>);

/// The task's end. `None`: the thread ended before it answered.
#[derive(Debug)]
pub(super) struct Answer<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T>(Mutex<State<T>>);

#[derive(Debug)]
enum State<T> {
    Awaited(Option<Waker>),
    Given(T),
    /// Taken, or never to come.
    Gone,
}

impl<T> Reply<T> {
    /// Gives the answer.
    pub(super) fn give(self, answer: T) {
        self.0.settle(State::Given(answer));
    }

    /// Whether anybody still waits for it.
    pub(super) fn is_awaited(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        self.0.settle(State::Gone);
    }
}

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.state();
        match &mut *state {
            State::Awaited(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
            State::Given(_) | State::Gone => match mem::replace(&mut *state, State::Gone) {
                State::Given(answer) => Poll::Ready(Some(answer)),
                State::Awaited(_) | State::Gone => Poll::Ready(None),
            },
        }
    }
}

impl<T> Shared<T> {
    /// Leaves the waiting state, once.
    fn settle(&self, settled: State<T>) {
        let mut state = self.state();
        let State::Awaited(waker) = &mut *state else { return };
        let waker = waker.take();
        *state = settled;
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use pollster::block_on;

    use super::*;

    #[test]
    fn an_answer_arrives_from_another_thread() {
        let (reply, answer) = pair();
        let thread = thread::spawn(move || reply.give(7));

        assert_eq!(block_on(answer), Some(7));
        thread.join().unwrap();
    }

    #[test]
    fn a_reply_that_is_dropped_says_so() {
        let (reply, answer) = pair::<u8>();
        let thread = thread::spawn(move || drop(reply));

        assert_eq!(block_on(answer), None);
        thread.join().unwrap();
    }

    #[test]
    fn an_answer_that_nobody_awaits_is_dropped() {
        let (reply, answer) = pair::<Arc<()>>();
        let value = Arc::new(());
        assert!(reply.is_awaited());

        drop(answer);

        assert!(!reply.is_awaited());
        reply.give(Arc::clone(&value));
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
