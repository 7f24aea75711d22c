//! Whatever ends a grant, or one of its tokens; and a look at it afterwards.

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::Holder;
use crate::ledger::{Held, Rule, Standing, described};
use crate::protocol::{Answer, Request, User};
use crate::tally::Kind;
use crate::world::{Outcome, World};

/// The host ends the user's session.
pub(super) async fn end_session(world: &World, draw: &mut StdRng, grants: &mut [Held], user: &User) {
    end_all(world, draw, grants, Kind::EndSession, Request::EndSession(user.session.clone())).await;
}

/// The host ends everything that the user ever approved.
pub(super) async fn end_subject(world: &World, draw: &mut StdRng, grants: &mut [Held], user: &User) {
    end_all(world, draw, grants, Kind::EndSubject, Request::EndSubject(user.subject.clone())).await;
}

async fn end_all(world: &World, draw: &mut StdRng, grants: &mut [Held], kind: Kind, request: Request) {
    let Some(issuer) = grants.first().map(|held| held.issuer) else { return };
    let tries = draw.random_range(1..4);
    let outcome = world.ask_until_known(draw, kind, issuer, (request, tries)).await;
    for held in grants {
        match outcome {
            Outcome::Done(_) => held.standing = Standing::Ended,
            Outcome::Refused(_) | Outcome::Unknown => held.doubt(),
        }
    }
}

impl Holder<'_> {
    /// What its client, or somebody who found something, does to the grant last: one thing after the other, of which
    /// each must stay without effect once the grant has ended.
    pub(super) async fn end(&mut self) {
        let first = self.draw.random_range(0..3);
        for way in first..first + 3 {
            match way % 3 {
                0 => self.replay().await,
                1 => {
                    self.reuse().await;
                    self.reuse().await;
                }
                _ => self.revoke_the_refresh_token().await,
            }
        }
        if self.draw.random_bool(0.5) {
            self.revoke_an_access_token().await;
        }
        if self.held.standing == Standing::Ended && self.draw.random_bool(0.2) {
            refresh_what_ended(self.world, self.draw, &self.held).await;
        }
    }

    /// Uses the code once more.
    async fn replay(&mut self) {
        let Some(code) = self.held.code.clone() else { return };
        self.world.ledger.expect_accusation(&self.user().subject);
        let request = Request::Token(self.world.clients(self.held.issuer).redemption(self.held.role, &code));
        let tries = self.draw.random_range(1..4);
        let again = (request, tries);
        match self.world.ask_until_known(self.draw, Kind::Replay, self.held.issuer, again).await {
            Outcome::Done(_) => {
                let place = || format!("a replayed code was redeemed, {}", described(&self.held));
                self.world.ledger.check(false, Rule::OneCodeOneGrant, place);
                self.held.doubt();
            }
            Outcome::Refused(_) => self.held.standing = Standing::Ended,
            Outcome::Unknown => self.held.doubt(),
        }
    }

    async fn revoke_the_refresh_token(&mut self) {
        let Some(token) = self.held.refresh.clone() else { return };
        match self.revoke(Kind::RevokeRefresh, &token).await {
            Outcome::Done(_) => self.held.standing = Standing::Ended,
            Outcome::Refused(_) | Outcome::Unknown => self.held.doubt(),
        }
    }

    pub(super) async fn revoke_an_access_token(&mut self) {
        let index = self.draw.random_range(0..self.held.access.len());
        let (token, standing) = self.held.access[index].clone();
        if standing == Standing::Ended {
            return;
        }
        self.held.access[index].1 = match self.revoke(Kind::RevokeAccess, &token).await {
            Outcome::Done(_) => Standing::Ended,
            Outcome::Refused(_) | Outcome::Unknown => Standing::Doubtful,
        };
        // The answer says that it is over, so everybody must agree at once.
        self.world.introspect(self.draw, &mut self.held, index).await;
    }

    async fn revoke(&mut self, kind: Kind, token: &str) -> Outcome {
        let form = self.world.clients(self.held.issuer).form(self.held.role, &format!("token={token}"));
        let tries = self.draw.random_range(1..4);
        let again = (Request::Revoke(form), tries);
        let outcome = self.world.ask_until_known(self.draw, kind, self.held.issuer, again).await;
        if let Outcome::Refused(reason) = &outcome {
            let place = || format!("a client may not revoke: {reason}, {}", described(&self.held));
            self.world.ledger.check(false, Rule::WhatWasGrantedExists, place);
        }
        outcome
    }
}

/// Looks at a grant that is not new any more.
pub(crate) async fn revisit(world: &World, draw: &mut StdRng, held: &mut Held) {
    if held.access.is_empty() {
        return;
    }
    let token = draw.random_range(0..held.access.len());
    world.introspect(draw, held, token).await;
    if held.standing == Standing::Ended && draw.random_bool(0.1) {
        refresh_what_ended(world, draw, held).await;
    }
}

/// The last refresh token of a grant that has ended is refused.
pub(crate) async fn refresh_what_ended(world: &World, draw: &mut StdRng, held: &Held) {
    let Some(token) = &held.refresh else { return };
    let request = Request::Token(world.clients(held.issuer).refresh(held.role, token));
    let outcome = world.ask_any(draw, Kind::Refresh, held.issuer, request).await;
    let is_refreshed = matches!(outcome, Outcome::Done(Answer::Tokens { .. }));
    world.ledger.check(!is_refreshed, Rule::WhatEndedIsOver, || format!("refreshed, {}", described(held)));
}
