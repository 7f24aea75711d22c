//! The client refreshes, repeats what was not answered, and sometimes uses what is spent.

use std::time::Duration;

use rand::RngExt as _;
use tokio::time::Instant;

use super::Holder;
use super::beginning::said;
use crate::clients::Role;
use crate::ledger::{Rule, Standing, described};
use crate::protocol::{Answer, Issuer, Request};
use crate::tally::Kind;
use crate::world::Outcome;

impl Holder<'_> {
    /// Refreshes. Who may repeat does so when the answer is lost; of the others, some start over, and some repeat all
    /// the same.
    pub(super) async fn refresh(&mut self) {
        let Some(token) = self.held.refresh.clone() else { return };
        let begun_at = Instant::now();
        self.held.asked = 0;
        let rotates = self.held.role == Role::App;
        let is_daring = rotates && self.held.issuer == Issuer::Strict && self.draw.random_bool(0.5);
        let most = match (rotates, is_daring, self.held.issuer) {
            (true, false, Issuer::Strict) => 1,
            (true, true, Issuer::Strict) => 2,
            (true, _, Issuer::Patient) => MOST_ASKED,
            (false, ..) => 5,
        };
        while self.held.asked < most && begun_at.elapsed() < WINDOW {
            let is_repeated = self.held.asked > 0;
            if is_repeated && is_daring {
                self.world.ledger.expect_accusation(&self.user().subject);
            }
            let kind = if is_repeated && rotates { Kind::Repeat } else { Kind::Refresh };
            self.held.asked += 1;
            match self.send(kind, &token).await {
                Outcome::Done(Answer::Tokens { access, refresh }) => {
                    return self.receive(&token, begun_at, access, refresh);
                }
                Outcome::Refused(_) if is_repeated && is_daring => return self.held.standing = Standing::Ended,
                Outcome::Unknown => {}
                other => return self.is_refused(&other),
            }
        }
        // The client has given up: the grant may have moved on to a token that it does not know.
        if rotates {
            self.held.refresh = None;
        }
    }

    /// Two tabs refresh at once, each at another worker.
    pub(super) async fn refresh_in_two_tabs(&mut self) {
        let Some(token) = self.held.refresh.clone() else { return };
        let begun_at = Instant::now();
        let is_patient = self.held.issuer == Issuer::Patient;
        let rotates = self.held.role == Role::App;
        if rotates && !is_patient {
            self.world.ledger.expect_accusation(&self.user().subject);
        }
        self.held.asked = 2;
        let request = Request::Token(self.world.clients(self.held.issuer).refresh(self.held.role, &token));
        let second = match (rotates, is_patient) {
            (true, true) => Kind::Repeat,
            (true, false) => Kind::Reuse,
            (false, _) => Kind::Refresh,
        };
        let send = |worker, kind| self.world.ask(worker, kind, self.held.issuer, request.clone());
        let (one, other) = tokio::join!(send(0, Kind::Refresh), send(1, second));
        let (mut tokens, mut refused, mut unknown) = (Vec::new(), Vec::new(), 0);
        for outcome in [one, other] {
            match outcome {
                Outcome::Done(Answer::Tokens { access, refresh }) => tokens.push((access, refresh)),
                Outcome::Unknown => unknown += 1,
                outcome => refused.push(outcome),
            }
        }
        let is_forked = match &tokens[..] {
            [(_, one), (_, other)] => rotates && (!is_patient || one != other),
            _ => false,
        };
        let place = || format!("a token has two successors, {}", described(&self.held));
        self.world.ledger.check(!is_forked, Rule::OneLiveRefreshToken, place);
        let is_answered = !tokens.is_empty();
        for (access, refresh) in tokens {
            self.receive(&token, begun_at, access, refresh);
        }
        if !rotates || is_patient {
            if let Some(refused) = refused.first() {
                self.is_refused(refused);
            }
        } else if refused.len() == 2 {
            self.is_refused(&refused[0]);
        } else if !refused.is_empty() {
            self.held.standing = Standing::Ended;
        } else if unknown > 0 {
            self.held.doubt();
        }
        if rotates && !is_answered {
            self.held.refresh = None;
        }
    }

    /// Uses a spent refresh token, as somebody does who has found it.
    pub(super) async fn reuse(&mut self) {
        if self.held.spent.is_empty() {
            self.refresh().await;
        }
        if self.held.refresh.is_none() || self.held.spent.is_empty() {
            return;
        }
        match self.held.issuer {
            Issuer::Strict => self.reuse_where_it_ends_the_grant().await,
            Issuer::Patient => self.reuse_within_the_window().await,
        }
    }

    async fn reuse_where_it_ends_the_grant(&mut self) {
        self.world.ledger.expect_accusation(&self.user().subject);
        let (token, _) = self.held.spent[self.draw.random_range(0..self.held.spent.len())].clone();
        for _ in 0..3 {
            match self.send(Kind::Reuse, &token).await {
                Outcome::Refused(_) => return self.held.standing = Standing::Ended,
                Outcome::Unknown => self.held.doubt(),
                Outcome::Done(_) => return self.is_accepted(),
            }
        }
    }

    /// The token before the live one gets the live one again, twice; an older one gets nothing, and nobody is accused.
    async fn reuse_within_the_window(&mut self) {
        let age = self.draw.random_range(1..=self.held.spent.len().min(MOST_REMEMBERED));
        let (token, begun_at) = self.held.spent[self.held.spent.len() - age].clone();
        if begun_at.elapsed() > WINDOW {
            return;
        }
        if age > 1 {
            return match self.send(Kind::Reuse, &token).await {
                Outcome::Done(_) => self.is_accepted(),
                Outcome::Refused(_) | Outcome::Unknown => {}
            };
        }
        if self.held.asked >= MOST_ASKED {
            return;
        }
        self.held.asked += 1;
        match self.send(Kind::Repeat, &token).await {
            Outcome::Done(Answer::Tokens { access, refresh }) => {
                let place = || format!("a repeated answer differs, {}", described(&self.held));
                self.world.ledger.check(refresh == self.held.refresh, Rule::OneLiveRefreshToken, place);
                self.receive(&token, begun_at, access, refresh);
            }
            Outcome::Unknown => {}
            other => self.is_refused(&other),
        }
    }

    async fn send(&mut self, kind: Kind, token: &str) -> Outcome {
        let request = Request::Token(self.world.clients(self.held.issuer).refresh(self.held.role, token));
        self.world.ask_any(self.draw, kind, self.held.issuer, request).await
    }

    fn receive(&mut self, spent: &str, begun_at: Instant, access: String, refresh: Option<String>) {
        let place = || format!("refreshed, {}", described(&self.held));
        self.world.ledger.check(self.held.standing != Standing::Ended, Rule::WhatEndedIsOver, place);
        self.held.access.push((access, Standing::Alive));
        let Some(refresh) = refresh.filter(|refresh| Some(refresh) != self.held.refresh.as_ref()) else { return };
        let is_new = self.held.spent.iter().all(|(token, _)| *token != refresh);
        let place = || format!("a spent token was issued again, {}", described(&self.held));
        self.world.ledger.check(is_new, Rule::OneLiveRefreshToken, place);
        self.held.spent.push((spent.to_owned(), begun_at));
        self.held.refresh = Some(refresh);
    }

    /// An honest request was refused, which it may be only if the grant may have ended.
    fn is_refused(&mut self, outcome: &Outcome) {
        let is_explained = self.held.standing != Standing::Alive;
        let place = || format!("refused: {}, {}", said(outcome), described(&self.held));
        self.world.ledger.check(is_explained, Rule::WhatWasGrantedExists, place);
        self.held.standing = Standing::Ended;
    }

    fn is_accepted(&mut self) {
        let place = || format!("a spent token was accepted, {}", described(&self.held));
        self.world.ledger.check(false, Rule::OneLiveRefreshToken, place);
        self.held.doubt();
    }
}

/// The first request, and two repeated ones.
const MOST_ASKED: u32 = 3;
/// The chain forgives no older ones.
const MOST_REMEMBERED: usize = 8;
/// Shorter than the window, so that a request that is on its way arrives in it.
const WINDOW: Duration = Duration::from_secs(30);
