//! A user approves, and the client redeems the code.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::clients::Role;
use crate::ledger::{Held, Rule, Standing};
use crate::protocol::{Answer, Issuer, Request, User};
use crate::tally::Kind;
use crate::world::{Outcome, World};

/// A grant whose client holds its tokens. `None` if an answer was lost and the client started over.
pub(super) async fn obtain(world: &World, draw: &mut StdRng, issuer: Issuer, role: Role, user: &User) -> Option<Held> {
    let code = approve(world, draw, issuer, role, user).await?;
    let mut held = Held {
        issuer,
        role,
        user: Some(user.clone()),
        code: Some(code.clone()),
        standing: Standing::Alive,
        access: Vec::new(),
        refresh: None,
        spent: Vec::new(),
        asked: 0,
    };
    let request = Request::Token(world.clients(issuer).redemption(role, &code));
    if draw.random_bool(0.2) {
        world.ledger.expect_accusation(&user.subject);
        redeem_twice(world, &mut held, request).await;
    } else {
        redeem(world, draw, &mut held, request).await;
    }
    (!held.access.is_empty()).then_some(held)
}

/// The code of an approval. A page whose answer was lost is sent again, which must lead to the same code.
async fn approve(world: &World, draw: &mut StdRng, issuer: Issuer, role: Role, user: &User) -> Option<String> {
    let query = world.clients(issuer).authorization_query(role);
    let request = Request::Authorize { query, user: user.clone() };
    let asked = world.ask_until_known(draw, Kind::Authorize, issuer, (request, 100)).await;
    let Outcome::Done(Answer::Asked { handle, binding }) = asked else {
        let is_unknown = matches!(asked, Outcome::Unknown);
        let place = || format!("{issuer:?} {role:?} of {}: not asked: {}", user.subject, said(&asked));
        world.ledger.check(is_unknown, Rule::WhatWasGrantedExists, place);
        return None;
    };
    let request = Request::Decide { handle, binding, user: user.clone() };
    let mut code: Option<String> = None;
    // Some users click twice.
    for _ in 0..if draw.random_bool(0.05) { 2 } else { 1 } {
        match world.ask_until_known(draw, Kind::Approve, issuer, (request.clone(), 5)).await {
            Outcome::Done(Answer::Code(again)) => {
                let is_same = code.as_ref().is_none_or(|code| *code == again);
                let place = || format!("{issuer:?} {role:?} of {}: two codes for one approval", user.subject);
                world.ledger.check(is_same, Rule::OneCodeOneGrant, place);
                code = Some(again);
            }
            Outcome::Unknown => {}
            other => {
                let place = || format!("{issuer:?} {role:?} of {}: approval: {}", user.subject, said(&other));
                world.ledger.check(false, Rule::WhatWasGrantedExists, place);
            }
        }
    }
    code
}

/// Redeems the code. When the answer is lost, some clients start over, and some send the code again, which ends the
/// grant if it had been redeemed.
async fn redeem(world: &World, draw: &mut StdRng, held: &mut Held, request: Request) {
    let first = world.ask_any(draw, Kind::Redeem, held.issuer, request.clone()).await;
    if !matches!(first, Outcome::Unknown) {
        let is_redeemed = receive(held, &first);
        let place = || format!("{:?} {:?}: the code was refused: {}", held.issuer, held.user, said(&first));
        return world.ledger.check(is_redeemed, Rule::WhatWasGrantedExists, place);
    }
    if draw.random_bool(0.5) {
        return;
    }
    world.ledger.expect_accusation(&held.user.as_ref().unwrap().subject);
    let again = world.ask_any(draw, Kind::Redeem, held.issuer, request).await;
    receive(held, &again);
}

/// Sends the code to both workers at once: a page that was loaded twice, or somebody who reads along.
async fn redeem_twice(world: &World, held: &mut Held, request: Request) {
    let send = |worker| world.ask(worker, Kind::Redeem, held.issuer, request.clone());
    let (one, other) = tokio::join!(send(0), send(1));
    let outcomes = [one, other];
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(_))).count();
    let mut redeemed = 0;
    for outcome in &outcomes {
        redeemed += usize::from(receive(held, outcome));
    }
    let place = || format!("{:?} {:?}: redeemed twice at once", held.issuer, held.user);
    world.ledger.check(redeemed < 2, Rule::OneCodeOneGrant, place);
    let place = || format!("{:?} {:?}: the code was refused twice", held.issuer, held.user);
    world.ledger.check(refused < 2, Rule::WhatWasGrantedExists, place);
    match (redeemed, refused) {
        (_, 1..) => held.standing = Standing::Ended,
        (1, 0) => held.doubt(),
        _ => {}
    }
}

/// Whether there were tokens in the answer, which the client keeps.
fn receive(held: &mut Held, outcome: &Outcome) -> bool {
    let Outcome::Done(Answer::Tokens { access, refresh }) = outcome else { return false };
    held.access.push((access.clone(), Standing::Alive));
    held.refresh.clone_from(refresh);
    true
}

pub(super) fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(_) => "something else".into(),
        Outcome::Refused(reason) => reason.clone(),
        Outcome::Unknown => "nothing".into(),
    }
}
