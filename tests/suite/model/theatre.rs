//! The real server, performing one request at a time up to its next call to the storage of grants.
//!
//! Whatever is met is given a small number, so that states are small and equal states are equal numbers.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use grantsmith::grant_type::{RefreshPlan, Verdict, refresh_token};
use grantsmith::host::{Keyring as _, Purpose, Saved, Storage as _};
use grantsmith::introspection::introspect;
use grantsmith::policy::Policy;
use grantsmith::record::{
    CredentialKind, EndReason, Grant, Key, Locator, MaskingKey, Phase, PresentedCredential, PresentedRefresh, Record,
    RefreshChain, Version, Versioned,
};
use grantsmith::server::{EndpointError, RegisteredClient};
use grantsmith::testing::SeededEntropy;
use grantsmith::value::{Secret, Timestamp};
use grantsmith::wire::{IntrospectionResponse, RequestedTerms, TokenResponse};
use pollster::FutureExt as _;

use super::prompter::{Call, Chance, Prompter, Reply};
use super::words::{Request, Sender};
use crate::token_world::{NOW, TokenWorld, VERIFIER, Wish, keyring, post, redemption};

/// The number of a record in one of its versions.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct RecordId(u32);

/// The number of a credential.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct TokenId(u32);

/// The number of a request in flight, at one point of its way.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct FlightId(u32);

/// What a request in flight was told by the storage.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Told {
    Loaded(RecordId),
    LoadFailed,
    Applied,
    Conflict,
    SaveFailed,
}

/// A request in flight: all that decides how it goes on.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Flight {
    pub(crate) request: Request,
    /// Which of several equal requests it is.
    pub(crate) copy: u8,
    /// Seconds since the approval.
    pub(crate) began_at: i64,
    pub(crate) told: Vec<Told>,
}

/// Where a request has come to.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Loads,
    Saves(RecordId, Version),
    Answered(Answer),
}

/// What its sender is told in the end.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Tokens { access: TokenId, refresh: Option<TokenId>, is_within_approval: bool },
    Revoked,
    Active { expires_at: i64, is_within_approval: bool },
    Inactive,
    Refused { code: String, reason: String },
    Unavailable(String),
}

/// A credential that somebody holds.
pub(crate) struct Token {
    text: String,
    presented: PresentedCredential,
    locator: Locator,
}

/// The server, and a number for everything that was met.
pub(crate) struct Theatre {
    world: TokenWorld,
    prompter: Arc<Prompter>,
    policy: Policy,
    rotates: bool,
    code: String,
    records: Vec<Versioned<Record>>,
    record_ids: HashMap<(Version, Vec<u8>), RecordId>,
    tokens: Vec<Token>,
    token_ids: HashMap<String, TokenId>,
    flights: Vec<(Flight, Stage)>,
    flight_ids: HashMap<Flight, FlightId>,
    live: HashMap<(RecordId, i64, TokenId), bool>,
}

impl Theatre {
    /// A server, and an approved grant whose code waits. `rotates`: it is a public client's.
    pub(crate) fn new(policy: Policy, rotates: bool) -> (Self, RecordId) {
        let prompter = Arc::new(Prompter::new());
        let chance = Arc::new(Chance(Arc::clone(&prompter), SeededEntropy::new(1)));
        let storage = Arc::clone(&prompter);
        let world = TokenWorld::build(storage, |builder| builder.policy(policy.clone()).entropy(chance));
        let client = if rotates { &world.app } else { &world.web };
        let code = world.code(client, &Wish::default());
        let key = world.grants().first().map(|grant| grant.key()).unwrap();
        let mut theatre = Self {
            world,
            prompter,
            policy,
            rotates,
            code,
            records: Vec::new(),
            record_ids: HashMap::new(),
            tokens: Vec::new(),
            token_ids: HashMap::new(),
            flights: Vec::new(),
            flight_ids: HashMap::new(),
            live: HashMap::new(),
        };
        let approved = theatre.stored(key);
        (theatre, approved)
    }

    fn stored(&mut self, key: Key) -> RecordId {
        let stored = self.prompter.load(key).block_on().unwrap().unwrap();
        self.record_id(stored)
    }

    /// Numbers a record.
    pub(crate) fn record_id(&mut self, stored: Versioned<Record>) -> RecordId {
        let name = (stored.version, stored.record.encode().unwrap());
        let next = RecordId(u32::try_from(self.records.len()).unwrap());
        *self.record_ids.entry(name).or_insert_with(|| {
            self.records.push(stored);
            next
        })
    }

    pub(crate) fn record(&self, id: RecordId) -> &Versioned<Record> {
        &self.records[index(id.0)]
    }

    pub(crate) fn grant(&self, id: RecordId) -> &Grant {
        match &self.record(id).record {
            Record::Grant(grant) => grant,
            _ => panic!("only grants are staged"),
        }
    }

    pub(crate) fn chain(&self, id: RecordId) -> Option<&RefreshChain> {
        match self.grant(id).phase() {
            Phase::Active(active) => active.refresh.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn end_reason(&self, id: RecordId) -> Option<EndReason> {
        match self.grant(id).phase() {
            Phase::Ended(ended) => Some(ended.reason),
            _ => None,
        }
    }

    /// A record, in words.
    pub(crate) fn state_of(&self, id: RecordId) -> String {
        match self.grant(id).phase() {
            Phase::Approved(_) => "the code waits".to_owned(),
            Phase::Active(active) => {
                let generation = active.refresh.as_ref().map_or(0, |chain| chain.generation());
                format!("active, refresh token {generation} is live")
            }
            Phase::Ended(ended) => format!("ended, {:?}", ended.reason),
            other => format!("{other:?}"),
        }
    }

    /// When the record was written, in seconds since the approval.
    pub(crate) fn written_at(&self, id: RecordId) -> i64 {
        self.grant(id).last_used_at().as_seconds() - NOW
    }

    fn token_id(&mut self, text: &str) -> TokenId {
        if let Some(id) = self.token_ids.get(text) {
            return *id;
        }
        let presented = PresentedCredential::parse("", text).unwrap();
        let locator = presented.locator(&masking());
        let id = TokenId(u32::try_from(self.tokens.len()).unwrap());
        self.tokens.push(Token { text: text.to_owned(), presented, locator });
        self.token_ids.insert(text.to_owned(), id);
        id
    }

    fn token(&self, id: TokenId) -> &Token {
        &self.tokens[index(id.0)]
    }

    /// The generation of a refresh token.
    pub(crate) fn generation(&self, token: TokenId) -> u32 {
        self.token(token).locator.counter
    }

    /// The number of a token within its grant, for words.
    pub(crate) fn name(&self, token: TokenId) -> String {
        let Token { presented, locator, .. } = self.token(token);
        match presented.kind() {
            CredentialKind::RefreshToken => format!("refresh token {}", locator.counter),
            _ => format!("access token {}", locator.counter),
        }
    }

    /// A refresh token that names the grant and a generation, by somebody who knows neither family nor secret.
    pub(crate) fn forged(&mut self, generation: u32) -> TokenId {
        let grant = self.grant(RecordId(0)).id();
        let locator = Locator::of_refresh_token(grant, generation, [0x66; 16]);
        let text = TokenWorld::credential(CredentialKind::RefreshToken, &locator, &Secret::new([0x66; 32]));
        self.token_id(&text)
    }

    fn holder(&self) -> &RegisteredClient {
        if self.rotates { &self.world.app } else { &self.world.web }
    }

    fn sender(&self, sender: Sender) -> &RegisteredClient {
        match sender {
            Sender::Client => self.holder(),
            Sender::Stranger if self.rotates => &self.world.web,
            Sender::Stranger => &self.world.app,
        }
    }

    /// Whether the token would be accepted, by the judgement of the real code over that record at that time.
    pub(crate) fn is_live(&mut self, record: RecordId, at: i64, token: TokenId) -> bool {
        if let Some(is_live) = self.live.get(&(record, at, token)) {
            return *is_live;
        }
        let is_live = self.judge_live(record, timestamp(at), token);
        self.live.insert((record, at, token), is_live);
        is_live
    }

    fn judge_live(&self, record: RecordId, now: Timestamp, token: TokenId) -> bool {
        let (grant, holder) = (self.grant(record), &self.holder().client);
        let Token { presented, locator, .. } = self.token(token);
        if presented.kind() == CredentialKind::AccessToken {
            let issuer = "https://as.example".parse().unwrap();
            let api = &self.world.api.client;
            return introspect(presented, locator, grant, Some(holder), api, &issuer, now).active().is_some();
        }
        let refresh =
            PresentedRefresh { generation: locator.counter, family: &locator.family, secret: presented.secret() };
        let (terms, grant) = (RequestedTerms::default(), Some(grant));
        match refresh_token::refresh(Some(&refresh), &terms, holder, grant, None, None, &self.policy, now) {
            Ok(Verdict::Issue(issue)) => matches!(issue.refresh, RefreshPlan::Rotate { .. } | RefreshPlan::Keep { .. }),
            _ => false,
        }
    }

    /// Performs a request up to its next call to the storage, or to its end.
    pub(crate) fn flight_id(&mut self, flight: Flight) -> FlightId {
        if let Some(id) = self.flight_ids.get(&flight) {
            return *id;
        }
        let stage = self.perform(&flight);
        let id = FlightId(u32::try_from(self.flights.len()).unwrap());
        self.flights.push((flight.clone(), stage));
        self.flight_ids.insert(flight, id);
        id
    }

    pub(crate) fn flight(&self, id: FlightId) -> &(Flight, Stage) {
        &self.flights[index(id.0)]
    }

    /// The flight after it was told one thing more.
    pub(crate) fn told(&mut self, id: FlightId, told: Told) -> FlightId {
        let mut flight = self.flight(id).0.clone();
        flight.told.push(told);
        self.flight_id(flight)
    }

    /// What the flight wanted to save when it was told the thing at that position.
    pub(crate) fn saved_by(&self, id: FlightId, position: usize) -> Option<RecordId> {
        let mut earlier = self.flight(id).0.clone();
        earlier.told.truncate(position);
        match self.flight(*self.flight_ids.get(&earlier)?).1 {
            Stage::Saves(record, _) => Some(record),
            Stage::Loads | Stage::Answered(_) => None,
        }
    }

    /// The record as it would be if the stranger's client held the grant.
    pub(crate) fn as_if_of_the_stranger(&mut self, id: RecordId) -> RecordId {
        let Versioned { version, record } = self.record(id).clone();
        let stranger = &self.sender(Sender::Stranger).client;
        let mut body: serde_json::Value = serde_json::from_slice(&record.encode().unwrap()).unwrap();
        body["record"]["client"] = serde_json::to_value(stranger.id()).unwrap();
        body["record"]["client_instance"] = serde_json::to_value(stranger.instance).unwrap();
        let record = Record::decode(&serde_json::to_vec(&body).unwrap()).unwrap();
        self.record_id(Versioned { version, record })
    }

    fn perform(&mut self, flight: &Flight) -> Stage {
        let mut hasher = DefaultHasher::new();
        (flight.request, flight.copy).hash(&mut hasher);
        let replies = flight.told.iter().map(|told| match *told {
            Told::Loaded(record) => Reply::Loaded(self.record(record).clone()),
            Told::LoadFailed => Reply::LoadFailed,
            Told::Applied => Reply::Saved(Saved::Applied),
            Told::Conflict => Reply::Saved(Saved::Conflict),
            Told::SaveFailed => Reply::SaveFailed,
        });
        self.world.clock.set(timestamp(flight.began_at));
        self.prompter.begin(hasher.finish(), replies.collect());
        let said = self.send(flight.request);
        match (said, self.prompter.end()) {
            (Some(said), None) => Stage::Answered(self.answer(said)),
            (None, Some(Call::Load)) => Stage::Loads,
            (None, Some(Call::Save(next, expected))) => Stage::Saves(self.record_id(next), expected),
            _ => panic!("a request ends, or it waits for the storage"),
        }
    }

    fn send(&self, request: Request) -> Option<Said> {
        let server = &self.world.server;
        let text = |token| &self.token(token).text;
        let (sender, form) = match request {
            Request::Redeem(sender) => (sender, redemption(&self.code)),
            Request::RedeemWrongly => (Sender::Client, redemption(&self.code).replace(VERIFIER, &"x".repeat(43))),
            Request::Refresh(sender, token) | Request::Forge(sender, token) => {
                (sender, format!("grant_type=refresh_token&refresh_token={}", text(token)))
            }
            Request::RefreshForMore(token) => {
                let form = format!("grant_type=refresh_token&refresh_token={}&scope=admin", text(token));
                (Sender::Client, form)
            }
            Request::Revoke(sender, token) => {
                let form = format!("token={}", text(token));
                let said = post(self.sender(sender), &form, |request| performed(server.revoke(&request)));
                return said.map(Said::Revoked);
            }
            Request::Introspect(token) => {
                let form = format!("token={}", text(token));
                let said = post(&self.world.api, &form, |request| performed(server.introspect(&request)));
                return said.map(Said::Introspected);
            }
        };
        post(self.sender(sender), &form, |request| performed(server.token(&request))).map(Said::Tokens)
    }

    fn answer(&mut self, said: Said) -> Answer {
        let error = match said {
            Said::Tokens(Ok(tokens)) => {
                let access = self.token_id(tokens.access_token.expose());
                let refresh = tokens.refresh_token.as_ref().map(|token| self.token_id(token.expose()));
                let is_within_approval = tokens.scope.is_subset_of(&self.grant(RecordId(0)).approval().scope);
                return Answer::Tokens { access, refresh, is_within_approval };
            }
            Said::Revoked(Ok(())) => return Answer::Revoked,
            Said::Introspected(Ok(said)) => {
                let Some(token) = said.active() else { return Answer::Inactive };
                let approval = self.grant(RecordId(0)).approval();
                let is_within_approval =
                    token.scope.is_subset_of(&approval.scope) && token.audience.is_subset_of(&approval.resources);
                return Answer::Active { expires_at: token.expires_at.as_seconds() - NOW, is_within_approval };
            }
            Said::Tokens(Err(error)) | Said::Revoked(Err(error)) | Said::Introspected(Err(error)) => error,
        };
        match error {
            EndpointError::Unavailable(unavailable) => Answer::Unavailable(unavailable.to_string()),
            error => Answer::Refused { code: error.code().to_string(), reason: error.to_string() },
        }
    }
}

/// What an endpoint returned.
enum Said {
    Tokens(Result<TokenResponse, EndpointError>),
    Revoked(Result<(), EndpointError>),
    Introspected(Result<IntrospectionResponse<'static>, EndpointError>),
}

/// One poll is enough: a request waits only where the prompter has nothing more to say.
fn performed<T>(request: impl Future<Output = T>) -> Option<T> {
    match pin!(request).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(said) => Some(said),
        Poll::Pending => None,
    }
}

fn masking() -> MaskingKey {
    let key = keyring().key(Purpose::Masking, 1).unwrap();
    MaskingKey::new(1, key.expose()[..16].try_into().unwrap())
}

pub(crate) fn timestamp(at: i64) -> Timestamp {
    Timestamp::from_seconds(NOW + at)
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap()
}
