//! The sweeper: finishing what a crash left unfinished, and removing what has expired.
//!
//! Nothing depends on it for safety: what has expired is refused whether it is still stored or not, and what was ended
//! is refused as soon as it is marked. Without it the storage grows for ever, and a grant that a crash saved from its
//! end still looks alive in listings.

#[cfg(feature = "tokio")]
mod schedule;

#[cfg(feature = "tokio")]
pub use schedule::{Sweeper, Sweeping};

use super::turns::turn_of_others;
use super::{AuthorizationServer, Unavailable};

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Swept {
    /// How many ends were finished that had been begun.
    pub finished: u64,
    /// How many expired records were removed.
    pub purged: u64,
}

impl AuthorizationServer {
    /// Finishes every end that is due, and removes everything that has expired, in batches of `batch` records.
    ///
    /// A batch is one short step of the storage; other tasks of the executor get their turn after each. A hundred is a
    /// good size. It ends when a batch finds nothing. Several processes may sweep at once: each record is taken by one
    /// of them.
    ///
    /// Records of other realms in the same storage are removed too when they expire, but not finished.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: what was done until then stays done; the rest waits for the next sweep.
    pub async fn sweep_once(&self, batch: u32) -> Result<Swept, Unavailable> {
        let batch = batch.max(1);
        let mut swept = Swept::default();
        loop {
            let finished = self.finish_due(batch).await?;
            swept.finished += finished;
            if finished > 0 {
                turn_of_others().await;
            }
            if finished < u64::from(batch) {
                break;
            }
        }
        loop {
            let purged = self.purge_expired(batch).await?;
            swept.purged += purged;
            if purged == 0 {
                return Ok(swept);
            }
            turn_of_others().await;
        }
    }
}
