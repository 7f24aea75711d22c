//! Who asks for what, and what happens: the vocabulary of the model, and its words.

use super::theatre::{Answer, FlightId, Stage, Theatre, TokenId, Told};

/// Who sends a request.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Sender {
    /// The client that the user approved, in any of its processes; or a thief under its name, which a server cannot
    /// tell from it.
    Client,
    /// A thief with stolen credentials, under another client's name.
    Stranger,
}

/// A request.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Request {
    Redeem(Sender),
    /// With a wrong verifier.
    RedeemWrongly,
    Refresh(Sender, TokenId),
    /// With a token of somebody who never held one of the chain.
    Forge(Sender, TokenId),
    /// For more scope than was approved.
    RefreshForMore(TokenId),
    Revoke(Sender, TokenId),
    Introspect(TokenId),
}

impl Request {
    /// Whether nothing may come of the request, because it is not the rightful client's or not with a genuine token.
    pub(crate) fn is_foreign(self) -> bool {
        match self {
            Self::Redeem(sender) | Self::Refresh(sender, _) | Self::Revoke(sender, _) => sender == Sender::Stranger,
            Self::Forge(..) => true,
            Self::RedeemWrongly | Self::RefreshForMore(_) | Self::Introspect(_) => false,
        }
    }

    fn words(self, theatre: &Theatre) -> String {
        let who = |sender| if sender == Sender::Client { "the client" } else { "a stranger" };
        match self {
            Self::Redeem(sender) => format!("{} redeeming the code", who(sender)),
            Self::RedeemWrongly => "the client redeeming the code with a wrong verifier".to_owned(),
            Self::Refresh(sender, token) => format!("{} refreshing with {}", who(sender), theatre.name(token)),
            Self::Forge(sender, token) => format!("{} refreshing with a forged {}", who(sender), theatre.name(token)),
            Self::RefreshForMore(token) => format!("the client refreshing with {} for more scope", theatre.name(token)),
            Self::Revoke(sender, token) => format!("{} revoking {}", who(sender), theatre.name(token)),
            Self::Introspect(token) => format!("the API introspecting {}", theatre.name(token)),
        }
    }
}

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// A request comes in.
    Begins(Request),
    /// The storage does something for a request, and tells it something.
    Moves { from: FlightId, to: FlightId, told: Told, effect: Effect, is_lost: bool },
    /// The process crashes, or the connection is dropped.
    Vanishes(FlightId),
    /// A write arrives although its request was told of an error.
    Arrives(FlightId),
    /// The clock moves to that time.
    Tick(i64),
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Effect {
    None,
    Written,
    /// It may be made later.
    UnderWay,
}

impl Action {
    pub(crate) fn words(self, theatre: &Theatre) -> String {
        let who = |flight| theatre.flight(flight).0.request.words(theatre);
        match self {
            Self::Begins(request) => format!("{}: begins", request.words(theatre)),
            Self::Vanishes(flight) => format!("{}: the process crashes", who(flight)),
            Self::Arrives(flight) => format!("{}: the late write arrives", who(flight)),
            Self::Tick(at) => format!("the clock moves to {at} s after the approval"),
            Self::Moves { from, to, told, effect, is_lost } => {
                let does = match (told, effect) {
                    (Told::Loaded(record), _) => format!("loads the grant ({})", theatre.state_of(record)),
                    (Told::LoadFailed, _) => "cannot load the grant".to_owned(),
                    (Told::Applied, _) => "saves the grant".to_owned(),
                    (Told::Conflict, Effect::Written) => "saves the grant, and is told of a conflict".to_owned(),
                    (Told::Conflict, _) => "is too late to save".to_owned(),
                    (Told::SaveFailed, Effect::Written) => "saves the grant, and is told of an error".to_owned(),
                    (Told::SaveFailed, Effect::UnderWay) => "is told of an error while the write is late".to_owned(),
                    (Told::SaveFailed, Effect::None) => "cannot save the grant".to_owned(),
                };
                let answer = match &theatre.flight(to).1 {
                    Stage::Answered(answer) => format!(", and is answered: {}", answer.words(theatre)),
                    Stage::Loads | Stage::Saves(..) => String::new(),
                };
                let lost = if is_lost { ", which is lost" } else { "" };
                format!("{}: {does}{answer}{lost}", who(from))
            }
        }
    }
}

impl Answer {
    fn words(&self, theatre: &Theatre) -> String {
        match self {
            Self::Tokens { access, refresh, .. } => {
                let refresh = refresh.map(|token| format!(" and {}", theatre.name(token))).unwrap_or_default();
                format!("{}{refresh}", theatre.name(*access))
            }
            Self::Revoked => "it is revoked".to_owned(),
            Self::Active { .. } => "it is active".to_owned(),
            Self::Inactive => "it is not active".to_owned(),
            Self::Refused { reason, .. } => format!("refused, {reason}"),
            Self::Unavailable(reason) => format!("unavailable, {reason}"),
        }
    }
}
