//! What can happen to a grant: requests that begin, move and vanish, writes that go astray, and time.

use std::collections::BTreeMap;

use grantsmith::policy::Policy;
use grantsmith::value::Lifetime;

use super::checker::{Model, Step};
use super::flaws::Flaw;
use super::rules;
use super::scenario::{Act, Bounds, Conduct, Scenario};
use super::theatre::{Answer, Flight, FlightId, RecordId, Stage, Theatre, TokenId, Told};
use super::words::{Action, Effect, Request, Sender};

/// Everything, at one moment.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct State {
    pub(crate) stored: RecordId,
    /// What was stored before, oldest first.
    pub(crate) before: Vec<RecordId>,
    /// Position in the scenario's times.
    pub(crate) time: usize,
    pub(crate) faults_left: u8,
    /// In order, so that it does not matter which request began first.
    pub(crate) flights: Vec<InFlight>,
    /// Writes that may still arrive.
    pub(crate) late: Vec<FlightId>,
    /// Requests that were made, how often, and since which time.
    pub(crate) made: Vec<(Request, u8, usize)>,
    /// Answers with tokens, and whether the client got them.
    pub(crate) issued: Vec<Issued>,
    /// Tokens whose revocation was acknowledged.
    pub(crate) given_back: Vec<TokenId>,
}

/// A request in flight, and what was so when it began.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct InFlight {
    pub(crate) flight: FlightId,
    pub(crate) had_ended: bool,
    pub(crate) age: Age,
}

/// What a genuine refresh token was when a request with it began.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Age {
    /// Live, or no refresh token at all.
    Current,
    /// Spent, within its window, and its successor not yet used.
    Forgiven,
    /// Spent, within its window, and its successor used.
    Replaced,
    /// Spent, and no window is open.
    Old,
}

/// An answer with tokens.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Issued {
    pub(crate) is_for_code: bool,
    pub(crate) access: TokenId,
    pub(crate) refresh: Option<TokenId>,
    pub(crate) is_lost: bool,
}

/// The model: the real server and a scenario.
pub(crate) struct Machine {
    pub(crate) theatre: Theatre,
    pub(crate) scenario: Scenario,
    first: RecordId,
    forged: Vec<TokenId>,
    /// What was seen, and how often: an exploration in which nothing happens proves nothing.
    pub(crate) seen: BTreeMap<String, usize>,
}

impl Machine {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let mut policy = Policy::default();
        policy.refresh_retry_window = Lifetime::seconds(scenario.window);
        policy.public_refresh_idle_lifetime = Lifetime::minutes(60);
        policy.confidential_refresh_idle_lifetime = Lifetime::minutes(60);
        let (mut theatre, first) = Theatre::new(policy, scenario.rotates);
        // One that looks older than any, and one that looks newer.
        let forged = vec![theatre.forged(0), theatre.forged(7)];
        Self { theatre, scenario: scenario.clone(), first, forged, seen: BTreeMap::new() }
    }

    /// The time in seconds since the approval.
    pub(crate) fn at(&self, state: &State) -> i64 {
        self.scenario.times[state.time]
    }

    /// Whether there is nobody but an honest client.
    pub(crate) fn is_alone(&self) -> bool {
        self.scenario.conduct != Conduct::Any
    }

    fn requests(&self, state: &State) -> Vec<Request> {
        let mut requests = Vec::new();
        for act in self.scenario.acts {
            self.add_requests(*act, state, &mut requests);
        }
        requests.sort_unstable();
        requests.dedup();
        if self.is_alone() {
            requests.retain(|request| self.is_honest(*request, state));
        }
        requests
    }

    fn add_requests(&self, act: Act, state: &State, requests: &mut Vec<Request>) {
        use Sender::{Client, Stranger};
        let refresh = state.issued.iter().filter_map(|issued| issued.refresh);
        let access = state.issued.iter().map(|issued| issued.access);
        match act {
            Act::Redeem => requests.push(Request::Redeem(Client)),
            Act::RedeemWrongly => requests.push(Request::RedeemWrongly),
            Act::StrangerRedeems => requests.push(Request::Redeem(Stranger)),
            Act::Refresh => requests.extend(refresh.map(|token| Request::Refresh(Client, token))),
            Act::RefreshForMore => requests.extend(refresh.map(Request::RefreshForMore)),
            Act::StrangerRefreshes => requests.extend(refresh.map(|token| Request::Refresh(Stranger, token))),
            Act::Forge => requests.extend(self.forged.iter().map(|token| Request::Forge(Client, *token))),
            Act::RevokeRefresh => requests.extend(refresh.map(|token| Request::Revoke(Client, token))),
            Act::RevokeAccess => requests.extend(access.map(|token| Request::Revoke(Client, token))),
            Act::StrangerRevokes => {
                requests.extend(refresh.chain(access).map(|token| Request::Revoke(Stranger, token)));
            }
            Act::Introspect => requests.extend(access.map(Request::Introspect)),
        }
    }

    fn is_honest(&self, request: Request, state: &State) -> bool {
        let made = state.made.iter().find(|(made, ..)| *made == request);
        let told = state.issued.iter().filter(|issued| !issued.is_lost);
        let newest = told.filter_map(|issued| issued.refresh).max_by_key(|token| self.theatre.generation(*token));
        match request {
            Request::Refresh(_, token) => {
                // A repetition is sent while the window is open, whatever became of the first.
                let has_window = self.scenario.window > 0 || self.scenario.conduct == Conduct::HonestAndImpatient;
                let is_repeatable = |since| has_window && since == state.time;
                newest == Some(token) && made.is_none_or(|(_, _, since)| is_repeatable(*since))
            }
            Request::Revoke(_, token) => newest.is_none_or(|newest| newest == token) && made.is_none(),
            Request::Redeem(_) => made.is_none(),
            _ => true,
        }
    }

    fn begin(&mut self, request: Request, state: &State) -> Step<Self> {
        let mut next = state.clone();
        let copy = if let Some((_, count, _)) = next.made.iter_mut().find(|(made, ..)| *made == request) {
            *count += 1;
            *count
        } else {
            next.made.push((request, 0, state.time));
            next.made.sort_unstable();
            0
        };
        let flight = Flight { request, copy, began_at: self.at(state), told: Vec::new() };
        let flight = self.theatre.flight_id(flight);
        let had_ended = rules::has_ended(&self.theatre, state);
        next.flights.push(InFlight { flight, had_ended, age: self.age(request, state) });
        next.flights.sort_unstable();
        Step { action: Action::Begins(request), next, breaks: None }
    }

    fn age(&self, request: Request, state: &State) -> Age {
        let Request::Refresh(Sender::Client, token) = request else { return Age::Current };
        let generation = self.theatre.generation(token);
        let Some(chain) = self.theatre.chain(state.stored).filter(|chain| chain.generation() > generation) else {
            return Age::Current;
        };
        let versions = state.before.iter().chain([&state.stored]);
        let is_after = |id: &&RecordId| self.theatre.chain(**id).is_some_and(|chain| chain.generation() > generation);
        let spent_at = versions.into_iter().find(is_after).map_or(0, |id| self.theatre.written_at(*id));
        let until = spent_at + i64::try_from(self.scenario.window).unwrap();
        match (self.at(state) < until, chain.generation() - generation) {
            (false, _) => Age::Old,
            (true, 1) => Age::Forgiven,
            (true, _) => Age::Replaced,
        }
    }

    fn moves(&mut self, moving: InFlight, state: &State, steps: &mut Vec<Step<Self>>) {
        let has_fault = state.faults_left > 0;
        let flaw = self.scenario.flaw;
        let (flight, reached) = self.theatre.flight(moving.flight).clone();
        match reached {
            Stage::Loads => {
                let shown = flaw.map_or(state.stored, |flaw| flaw.shown(&mut self.theatre, self.first, &flight, state));
                self.move_on(moving, Cue::sound(Told::Loaded(shown), Effect::None), state, steps);
                if has_fault {
                    self.move_on(moving, Cue::fault(Told::LoadFailed, Effect::None), state, steps);
                }
            }
            Stage::Saves(next, _) => {
                let applies = self.applies(moving.flight, state);
                let is_written = self.theatre.record(next).version == self.theatre.record(state.stored).version;
                let (told, effect) = match (applies, is_written) {
                    (true, _) => (Told::Applied, Effect::Written),
                    (false, true) => (Told::Applied, Effect::None),
                    (false, false) => (Told::Conflict, Effect::None),
                };
                self.move_on(moving, Cue::sound(told, effect), state, steps);
                if has_fault {
                    let failed = flaw.map_or(Told::SaveFailed, Flaw::failure);
                    let effects: &[Effect] =
                        if applies { &[Effect::None, Effect::Written, Effect::UnderWay] } else { &[Effect::None] };
                    for effect in effects {
                        self.move_on(moving, Cue::fault(failed, *effect), state, steps);
                    }
                }
            }
            Stage::Answered(_) => {}
        }
    }

    /// Whether the write that a flight waits for would be made now.
    fn applies(&self, flight: FlightId, state: &State) -> bool {
        let Stage::Saves(_, expected) = self.theatre.flight(flight).1 else { return false };
        self.theatre.record(state.stored).version == expected || self.scenario.flaw.is_some_and(Flaw::saves_anyway)
    }

    fn move_on(&mut self, moving: InFlight, cue: Cue, state: &State, steps: &mut Vec<Step<Self>>) {
        let Cue { told, effect, is_fault } = cue;
        let from = moving.flight;
        let to = self.theatre.told(from, told);
        let mut next = without(moving, state);
        next.faults_left -= u8::from(is_fault);
        match effect {
            Effect::None => {}
            Effect::Written => self.write(from, &mut next),
            Effect::UnderWay => {
                next.late.push(from);
                next.late.sort_unstable();
            }
        }
        let (flight, reached) = self.theatre.flight(to).clone();
        self.note(&reached, told, moving.age);
        let mut losses: &[bool] = &[false];
        match &reached {
            Stage::Answered(answer) => {
                if let (Request::Revoke(Sender::Client, token), Answer::Revoked) = (flight.request, answer) {
                    next.given_back.push(token);
                    next.given_back.sort_unstable();
                    next.given_back.dedup();
                }
                if self.is_alone() && matches!(answer, Answer::Tokens { .. }) {
                    losses = &[false, true];
                }
            }
            Stage::Loads | Stage::Saves(..) => {
                next.flights.push(InFlight { flight: to, ..moving });
                next.flights.sort_unstable();
            }
        }
        for is_lost in losses {
            let mut next = next.clone();
            if let Stage::Answered(Answer::Tokens { access, refresh, .. }) = reached {
                let is_for_code = matches!(flight.request, Request::Redeem(_) | Request::RedeemWrongly);
                next.issued.push(Issued { is_for_code, access, refresh, is_lost: *is_lost });
                next.issued.sort_unstable();
            }
            let breaks = rules::broken(self, InFlight { flight: to, ..moving }, &next);
            let action = Action::Moves { from, to, told, effect, is_lost: *is_lost };
            steps.push(Step { action, next, breaks });
        }
    }

    fn write(&self, flight: FlightId, next: &mut State) {
        if let Stage::Saves(record, _) = self.theatre.flight(flight).1 {
            next.before.push(next.stored);
            next.stored = record;
        }
    }

    fn note(&mut self, stage: &Stage, told: Told, age: Age) {
        let seen = match (stage, told) {
            (Stage::Answered(Answer::Refused { reason, .. } | Answer::Unavailable(reason)), _) => reason.as_str(),
            (Stage::Answered(Answer::Tokens { .. }), Told::Loaded(_)) => FOUND,
            (Stage::Answered(Answer::Tokens { .. }), _) if age == Age::Forgiven => REPEATED,
            (Stage::Answered(Answer::Tokens { .. }), _) => TOKENS,
            (Stage::Answered(Answer::Revoked), _) => REVOKED,
            (Stage::Answered(Answer::Active { .. }), _) => ACTIVE,
            (Stage::Answered(Answer::Inactive), _) => INACTIVE,
            (Stage::Loads, Told::Conflict) => AGAIN,
            (Stage::Loads | Stage::Saves(..), _) => return,
        };
        match self.seen.get_mut(seen) {
            Some(count) => *count += 1,
            None => {
                self.seen.insert(seen.to_owned(), 1);
            }
        }
    }
}

/// What the storage does and says.
#[derive(Clone, Copy)]
struct Cue {
    told: Told,
    effect: Effect,
    is_fault: bool,
}

impl Cue {
    fn sound(told: Told, effect: Effect) -> Self {
        Self { told, effect, is_fault: false }
    }

    fn fault(told: Told, effect: Effect) -> Self {
        Self { told, effect, is_fault: true }
    }
}

fn without(moving: InFlight, state: &State) -> State {
    let mut next = state.clone();
    if let Some(position) = next.flights.iter().position(|flight| *flight == moving) {
        next.flights.remove(position);
    }
    next
}

impl Model for Machine {
    type State = State;
    type Action = Action;

    fn initial(&mut self) -> State {
        let mut state = State {
            stored: self.first,
            before: Vec::new(),
            time: 0,
            faults_left: 0,
            flights: Vec::new(),
            late: Vec::new(),
            made: Vec::new(),
            issued: Vec::new(),
            given_back: Vec::new(),
        };
        if self.scenario.is_redeemed {
            // The code's redemption is the beginning, with nothing going on beside it.
            state = self.begin(Request::Redeem(Sender::Client), &state).next;
            while let Some(moving) = state.flights.first().copied() {
                let mut steps = Vec::new();
                self.moves(moving, &state, &mut steps);
                state = steps.swap_remove(0).next;
            }
            state.made.clear();
            self.first = state.stored;
        }
        state.faults_left = self.scenario.bounds.faults;
        state
    }

    fn steps(&mut self, state: &State) -> Vec<Step<Self>> {
        let mut steps = Vec::new();
        let made: usize = state.made.iter().map(|(_, copy, _)| usize::from(*copy) + 1).sum();
        let Bounds { requests, at_once, .. } = self.scenario.bounds;
        if made < requests && state.flights.len() < at_once {
            for request in self.requests(state) {
                steps.push(self.begin(request, state));
            }
        }
        let mut flights = state.flights.clone();
        flights.dedup();
        for moving in flights {
            self.moves(moving, state, &mut steps);
            let next = without(moving, state);
            steps.push(Step { action: Action::Vanishes(moving.flight), next, breaks: None });
        }
        for (position, flight) in state.late.iter().copied().enumerate() {
            if self.applies(flight, state) {
                let mut next = state.clone();
                next.late.remove(position);
                self.write(flight, &mut next);
                let breaks = rules::always(self, &next);
                steps.push(Step { action: Action::Arrives(flight), next, breaks });
            }
        }
        // An honest client is patient: it does not leave a request for longer than the window.
        let is_still = !self.is_alone() || state.flights.is_empty();
        if let Some(at) = self.scenario.times.get(state.time + 1).filter(|_| is_still) {
            let next = State { time: state.time + 1, ..state.clone() };
            let breaks = rules::always(self, &next);
            steps.push(Step { action: Action::Tick(*at), next, breaks });
        }
        steps
    }

    fn words(&self, action: &Action) -> String {
        action.words(&self.theatre)
    }
}

/// What is worth seeing, beside the reasons of refusals.
pub(crate) const TOKENS: &str = "tokens";
pub(crate) const REPEATED: &str = "a lost answer was repeated";
pub(crate) const FOUND: &str = "a lost acknowledgement was found";
pub(crate) const AGAIN: &str = "judged again";
pub(crate) const REVOKED: &str = "revoked";
pub(crate) const ACTIVE: &str = "active";
pub(crate) const INACTIVE: &str = "not active";
