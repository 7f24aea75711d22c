//! Work of unbounded length lets others have their turn.

use std::future::poll_fn;
use std::mem;
use std::task::Poll;

/// Waits once, though for nothing: a storage in memory never waits, and would keep the thread until all is done.
pub(super) async fn turn_of_others() {
    let mut had_theirs = false;
    poll_fn(|context| {
        if mem::replace(&mut had_theirs, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
