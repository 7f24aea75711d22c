//! Calls that are dropped half-way, as when a client hangs up.

use std::future::poll_fn;
use std::task::Poll;

use super::sample::{NOW, Owner};
use super::trial::{Broken, Outcome, Trial, are_equal, ensure, realm};
use crate::host::{Expected, Filter, Saved, StorageError};
use crate::record::{Key, Record, Versioned};

pub(super) async fn dropped_call_is_whole(trial: &Trial) -> Outcome {
    for polls in 1..=8 {
        let alice = Owner::named(&realm()?, &format!("alice {polls}"))?;
        let bob = Owner { subject: Owner::named(&realm()?, &format!("bob {polls}"))?.subject, ..alice.clone() };
        let (first, second) = (trial.versioned(alice.session(NOW).into()), trial.versioned(bob.session(NOW).into()));
        let key = first.record.key();

        interrupt(trial.storage().save(first.clone(), Expected::Absent), polls).await?;
        is_one_of(trial, key, &[None, Some(&first)], "a dropped first save").await?;
        settle(trial, key, &first).await?;

        interrupt(trial.storage().save(second.clone(), Expected::Version(first.version)), polls).await?;
        is_one_of(trial, key, &[Some(&first), Some(&second)], "a dropped update").await?;
        settle(trial, key, &second).await?;

        interrupt(trial.storage().remove(key, second.version), polls).await?;
        is_one_of(trial, key, &[Some(&second), None], "a dropped removal").await?;
        settle(trial, key, &trial.versioned(first.record.clone())).await?;
    }
    Ok(())
}

/// Polls so often at most, then drops the call.
async fn interrupt<T>(call: impl Future<Output = Result<T, StorageError>>, polls: u32) -> Outcome {
    let mut call = Box::pin(call);
    let mut polled = 0;
    poll_fn(|context| {
        polled += 1;
        match call.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(answer.map(drop)),
            Poll::Pending if polled >= polls => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await?;
    Ok(())
}

/// The store holds one of these states, whole, and lists what it holds.
async fn is_one_of(trial: &Trial, key: Key, states: &[Option<&Versioned<Record>>], what: &str) -> Outcome {
    let found = trial.load(key).await?;
    let is_whole = states.iter().any(|state| match (state, &found) {
        (None, None) => true,
        (Some(state), Some(found)) => state.version == found.version && are_equal(&state.record, &found.record),
        (None, Some(_)) | (Some(_), None) => false,
    });
    ensure(is_whole, || format!("after {what} the store held neither the state before it nor the one after"))?;
    is_listed(trial, key, what).await
}

/// What is stored under the key, if anything, is listed under its owner.
pub(super) async fn is_listed(trial: &Trial, key: Key, what: &str) -> Outcome {
    for _ in 0..MOST_ATTEMPTS {
        let Some(found) = trial.load(key).await? else { return Ok(()) };
        let Some(subject) = found.record.subject() else { return Ok(()) };
        let listed = trial.list(&Filter::Subject(*key.realm(), subject.clone()), 10).await?;
        if listed.contains(&key) {
            return Ok(());
        }
        // What was dropped may have arrived meanwhile.
        let version = trial.load(key).await?.map(|found| found.version);
        ensure(version != Some(found.version), || {
            format!("after {what} a record was stored that its owner's listing misses")
        })?;
    }
    Err(Broken::new(format!("after {what} the record did not come to rest")))
}

/// Brings the record to that state. What was dropped may still arrive, so a conflict is tried again.
async fn settle(trial: &Trial, key: Key, state: &Versioned<Record>) -> Outcome {
    for _ in 0..MOST_ATTEMPTS {
        let expected = trial.load(key).await?.map_or(Expected::Absent, |found| Expected::Version(found.version));
        if trial.storage().save(state.clone(), expected).await? == Saved::Applied {
            return trial.holds(state, "after a dropped call").await;
        }
    }
    Err(Broken::new("after a dropped call no save was applied any more"))
}

const MOST_ATTEMPTS: u32 = 100;
