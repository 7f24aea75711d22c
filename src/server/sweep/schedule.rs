//! Sweeping on a schedule, under tokio.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::super::AuthorizationServer;

/// How often to sweep, and in what batches. Start from the default.
///
/// ```
/// # async fn example(server: grantsmith::server::AuthorizationServer) {
/// use grantsmith::server::Sweeper;
///
/// let sweeping = Sweeper::default().start(server);
/// // … serve …
/// drop(sweeping);
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sweeper {
    /// How many records a step takes. Default: 100.
    pub batch: u32,
    /// The time from one sweep to the next. Default: five minutes. At least a second, whatever it says.
    pub every: Duration,
}

impl Default for Sweeper {
    fn default() -> Self {
        Self { batch: 100, every: Duration::from_secs(300) }
    }
}

impl Sweeper {
    /// The same, with batches of that size.
    #[must_use]
    pub fn with_batch(self, batch: u32) -> Self {
        Self { batch, ..self }
    }

    /// The same, with that time from one sweep to the next.
    #[must_use]
    pub fn with_every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Sweeps now, and then on schedule, until the handle is dropped.
    ///
    /// A sweep that fails has told the server's event sink; the next one comes on schedule.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, or in one without its timer.
    #[must_use = "sweeping ends when the handle is dropped"]
    pub fn start(self, server: AuthorizationServer) -> Sweeping {
        let mut ticks = interval(self.every.max(SHORTEST));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Sweeping(tokio::spawn(async move {
            loop {
                ticks.tick().await;
                // Whoever watches the storage hears of a failure through the event sink.
                let _ = server.sweep_once(self.batch).await;
            }
        }))
    }
}

/// Sweeping under way. It ends when this is dropped, between two steps or in the middle of one; what is left waits for
/// whoever sweeps next.
#[derive(Debug)]
pub struct Sweeping(JoinHandle<()>);

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

const SHORTEST: Duration = Duration::from_secs(1);
