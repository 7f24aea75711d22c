//! What must always hold, in the words of the design.

use grantsmith::record::EndReason;

use super::machine::{Age, InFlight, Machine, State};
use super::theatre::{Answer, Stage, Theatre, Told};
use super::words::Request;

pub(crate) const ONCE: &str = "a code yields tokens at most once";
pub(crate) const ENDED: &str =
    "after a grant has ended, no credential of it is ever active again, whatever was in flight";
pub(crate) const ONE_LIVE: &str = "at most one refresh token of a chain is live";
pub(crate) const OLD: &str = "a genuine old refresh token ends the grant (outside a retry window that policy allows); \
                              one forged by somebody who never held a token of the chain changes nothing";
pub(crate) const BOUND: &str = "a credential works only for the client, realm and sender key that it was issued to";
pub(crate) const APPROVED: &str = "what a client holds is never more than what the user approved";
pub(crate) const ALIKE: &str =
    "unknown, expired, foreign and malformed credentials are indistinguishable to the caller";
pub(crate) const FAILURE: &str =
    "a storage failure is an error, never a success, never an empty answer, and never evidence of theft";
pub(crate) const GIVEN_BACK: &str = "a token whose revocation was acknowledged is not valid";

/// Whether the grant has ended, now or at any time before.
pub(crate) fn has_ended(theatre: &Theatre, state: &State) -> bool {
    let mut versions = state.before.iter().chain([&state.stored]);
    versions.any(|record| theatre.end_reason(*record).is_some())
}

/// The rule that is broken after a request was told something, if there is one.
pub(crate) fn broken(machine: &mut Machine, moved: InFlight, state: &State) -> Option<&'static str> {
    let (flight, reached) = machine.theatre.flight(moved.flight).clone();
    let breaks = match &reached {
        Stage::Loads => None,
        Stage::Saves(..) => flight.request.is_foreign().then(|| foreign_rule(flight.request)),
        Stage::Answered(answer) => {
            answer_rule(machine, moved, answer, state).or_else(|| failure_rule(machine, moved, answer, state))
        }
    };
    breaks.or_else(|| always(machine, state))
}

fn foreign_rule(request: Request) -> &'static str {
    if matches!(request, Request::Forge(..)) { OLD } else { BOUND }
}

fn answer_rule(machine: &Machine, moved: InFlight, answer: &Answer, state: &State) -> Option<&'static str> {
    let theatre = &machine.theatre;
    let flight = &theatre.flight(moved.flight).0;
    let request = flight.request;
    match answer {
        Answer::Tokens { is_within_approval: false, .. } | Answer::Active { is_within_approval: false, .. } => {
            Some(APPROVED)
        }
        Answer::Tokens { .. } if request == Request::RedeemWrongly || request.is_foreign() => {
            Some(foreign_rule(request))
        }
        Answer::Tokens { .. } | Answer::Active { .. } if moved.had_ended => Some(ENDED),
        Answer::Tokens { .. } if state.issued.iter().filter(|issued| issued.is_for_code).count() > 1 => Some(ONCE),
        Answer::Tokens { .. } if matches!(request, Request::RefreshForMore(_)) => Some(APPROVED),
        Answer::Tokens { .. } if matches!(moved.age, Age::Old | Age::Replaced) => Some(OLD),
        Answer::Refused { .. } if moved.age == Age::Old && !has_ended(theatre, state) => Some(OLD),
        Answer::Active { expires_at, .. } if *expires_at <= flight.began_at => Some(ALIKE),
        Answer::Refused { code, .. } if request.is_foreign() && code != "invalid_grant" => Some(ALIKE),
        _ => None,
    }
}

fn failure_rule(machine: &Machine, moved: InFlight, answer: &Answer, state: &State) -> Option<&'static str> {
    let theatre = &machine.theatre;
    let told = &theatre.flight(moved.flight).0.told;
    let is_error = matches!(answer, Answer::Unavailable(_));
    if told.contains(&Told::LoadFailed) && !is_error {
        return Some(FAILURE);
    }
    // A success that needs a write is one only if that write was made.
    let last = told.iter().rposition(|told| matches!(told, Told::Applied | Told::Conflict | Told::SaveFailed));
    let saved = last.and_then(|last| theatre.saved_by(moved.flight, last));
    let was_written = saved.is_some_and(|saved| state.stored == saved || state.before.contains(&saved));
    let needs_write = match answer {
        Answer::Tokens { .. } => true,
        // Somebody else may have revoked it, or there was nothing to revoke.
        Answer::Revoked => last.is_some_and(|last| told.get(last) != Some(&Told::Conflict)),
        _ => false,
    };
    (needs_write && !was_written).then_some(FAILURE)
}

/// The rule that does not hold of a state, if there is one.
pub(crate) fn always(machine: &mut Machine, state: &State) -> Option<&'static str> {
    let at = machine.at(state);
    let has_ended = has_ended(&machine.theatre, state);
    let reason = machine.theatre.end_reason(state.stored);
    if has_ended && reason.is_none() {
        return Some(ENDED);
    }
    let is_accused = matches!(
        reason,
        Some(EndReason::CodeReplayed | EndReason::CodeBurnt | EndReason::RefreshTokenReused | EndReason::RolledBack)
    );
    if machine.is_alone() && is_accused {
        return Some(FAILURE);
    }
    let mut live = |token| machine.theatre.is_live(state.stored, at, token);
    let access = state.issued.iter().filter(|issued| live(issued.access)).count();
    let mut refresh: Vec<_> = state.issued.iter().filter_map(|issued| issued.refresh).filter(|it| live(*it)).collect();
    refresh.sort_unstable();
    refresh.dedup();
    if state.given_back.iter().any(|token| live(*token)) {
        return Some(GIVEN_BACK);
    }
    match (has_ended, access + refresh.len(), refresh.len()) {
        (true, 1.., _) => Some(ENDED),
        (_, _, 2..) => Some(ONE_LIVE),
        _ => None,
    }
}
