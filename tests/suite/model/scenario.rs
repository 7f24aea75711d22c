//! What is explored: who asks for what, when, and how far.

use super::flaws::Flaw;

/// What is explored, and how far.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Whether the grant is a public client's, whose refresh tokens rotate.
    pub(crate) rotates: bool,
    /// Whether the code was redeemed before.
    pub(crate) is_redeemed: bool,
    /// The retry window, in seconds.
    pub(crate) window: u64,
    /// Which requests are made.
    pub(crate) acts: &'static [Act],
    /// How far, at every change and in the long run.
    pub(crate) bounds: Bounds,
    pub(crate) long_bounds: Bounds,
    /// The times that the clock shows, in seconds since the approval.
    pub(crate) times: &'static [i64],
    pub(crate) conduct: Conduct,
    pub(crate) flaw: Option<Flaw>,
}

/// How far is explored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) requests: usize,
    /// How many requests are in flight together.
    pub(crate) at_once: usize,
    /// How often a call to the storage goes wrong.
    pub(crate) faults: u8,
}

/// How the clients behave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Conduct {
    /// Anyone sends anything that anyone was ever answered.
    Any,
    /// There is one honest client: it redeems once, uses the newest token that it was told of, and repeats a refresh
    /// only if there is a retry window, and while that is open. Answers to it may be lost. Its requests are not
    /// slower than the window: one that is judged after the window is late, whenever it was sent.
    Honest,
    /// The same, but it repeats whatever it got no answer to.
    HonestAndImpatient,
}

/// A kind of request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Act {
    Redeem,
    RedeemWrongly,
    StrangerRedeems,
    Refresh,
    RefreshForMore,
    StrangerRefreshes,
    Forge,
    RevokeRefresh,
    RevokeAccess,
    StrangerRevokes,
    Introspect,
}
