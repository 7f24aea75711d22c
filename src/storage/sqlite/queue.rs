//! The bounded queue between tasks that wait without blocking and threads that block.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Holds up to `capacity` items; whoever comes when it is full waits.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    capacity: usize,
}

struct State<T> {
    items: VecDeque<T>,
    /// Those who wait for room.
    outside: Vec<Waker>,
    /// How many threads wait for items. A notification that nobody waits for would be a system call for nothing.
    idle: usize,
    is_closed: bool,
}

/// Nothing is taken any more.
#[derive(Debug)]
pub(super) struct Closed;

impl<T> Queue<T> {
    /// An empty queue. It has room for one item at least.
    pub(super) fn new(capacity: usize) -> Self {
        let state = State { items: VecDeque::new(), outside: Vec::new(), idle: 0, is_closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), capacity: capacity.max(1) }
    }

    /// Adds an item, as soon as there is room. Dropped before that, it adds nothing.
    pub(super) async fn push(&self, item: T) -> Result<(), Closed> {
        let mut item = Some(item);
        poll_fn(|context| self.poll_push(&mut item, context)).await
    }

    fn poll_push(&self, item: &mut Option<T>, context: &Context<'_>) -> Poll<Result<(), Closed>> {
        let mut state = self.state();
        if state.is_closed {
            return Poll::Ready(Err(Closed));
        }
        if state.items.len() >= self.capacity {
            if !state.outside.iter().any(|waker| waker.will_wake(context.waker())) {
                state.outside.push(context.waker().clone());
            }
            return Poll::Pending;
        }
        state.items.extend(item.take());
        let is_awaited = state.idle > 0;
        drop(state);
        if is_awaited {
            self.filled.notify_one();
        }
        Poll::Ready(Ok(()))
    }

    /// Blocks until there is something, and takes up to `most` of it. `None`: the queue is closed and empty.
    pub(super) fn take(&self, most: usize) -> Option<Vec<T>> {
        let mut state = self.state();
        while state.items.is_empty() {
            if state.is_closed {
                return None;
            }
            state.idle += 1;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
        let count = state.items.len().min(most.max(1));
        let taken = state.items.drain(..count).collect();
        let outside = mem::take(&mut state.outside);
        drop(state);
        outside.into_iter().for_each(Waker::wake);
        Some(taken)
    }

    /// Takes no more items. What is there may still be taken.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let outside = mem::take(&mut state.outside);
        drop(state);
        self.filled.notify_all();
        outside.into_iter().for_each(Waker::wake);
    }

    /// Closes the queue and drops what is in it, so that nobody waits for a thread that has ended.
    pub(super) fn abandon(&self) {
        self.close();
        let items = mem::take(&mut self.state().items);
        drop(items);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::thread;

    use pollster::block_on;

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn items_come_out_in_order_and_no_more_than_asked() {
        let queue = Queue::new(10);
        for number in 0..5 {
            block_on(queue.push(number)).unwrap();
        }

        assert_eq!(queue.take(3), Some(vec![0, 1, 2]));
        assert_eq!(queue.take(3), Some(vec![3, 4]));
    }

    #[test]
    fn whoever_comes_when_it_is_full_waits_for_room() {
        let queue = Queue::new(1);
        block_on(queue.push(1)).unwrap();
        let mut second = pin!(queue.push(2));
        assert!(poll(second.as_mut()).is_pending());

        queue.take(1);

        assert!(poll(second).is_ready());
        assert_eq!(queue.take(1), Some(vec![2]));
    }

    #[test]
    fn everybody_gets_through_a_narrow_queue() {
        let queue = Arc::new(Queue::new(2));
        let senders: Vec<_> = (0..8)
            .map(|_| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || (0..100).for_each(|number| block_on(queue.push(number)).unwrap()))
            })
            .collect();

        let mut taken = 0;
        while taken < 800 {
            taken += queue.take(7).unwrap().len();
        }

        assert!(senders.into_iter().all(|sender| sender.join().is_ok()));
    }

    #[test]
    fn a_closed_queue_gives_what_it_has_and_takes_nothing() {
        let queue = Queue::new(1);
        block_on(queue.push(1)).unwrap();
        let mut late = pin!(queue.push(2));
        assert!(poll(late.as_mut()).is_pending());

        queue.close();

        assert!(matches!(poll(late), Poll::Ready(Err(Closed))));
        assert_eq!(queue.take(5), Some(vec![1]));
        assert_eq!(queue.take(5), None);
    }

    #[test]
    fn an_abandoned_queue_drops_what_it_has() {
        let queue = Queue::new(1);
        let item = Arc::new(());
        block_on(queue.push(Arc::clone(&item))).unwrap();

        queue.abandon();

        assert_eq!(Arc::strong_count(&item), 1);
        assert!(queue.take(1).is_none());
    }
}
