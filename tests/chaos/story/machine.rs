//! Machines, and the host's own work.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::time::Instant;

use super::{Holder, draw_of};
use crate::clients::{BRIEFLY, Role};
use crate::ledger::{Held, Standing};
use crate::protocol::{Answer, Issuer, Request};
use crate::tally::Kind;
use crate::world::{Outcome, World};

/// A machine gets a token, uses it, and sometimes gives it back.
pub(crate) async fn machine(world: &World, seed: u64, number: u64) {
    let draw = &mut draw_of(seed, number);
    let issuer = if draw.random_bool(0.5) { Issuer::Strict } else { Issuer::Patient };
    let role = if draw.random_bool(0.3) { Role::Brief } else { Role::Machine };
    let begun_at = Instant::now();
    let request = Request::Token(world.clients(issuer).form(role, "grant_type=client_credentials"));
    let outcome = world.ask_any(draw, Kind::ClientCredentials, issuer, request).await;
    let Outcome::Done(Answer::Tokens { access, refresh }) = outcome else { return };
    let held = Held {
        issuer,
        role,
        user: None,
        code: None,
        standing: Standing::Alive,
        access: vec![(access, Standing::Alive)],
        refresh,
        spent: Vec::new(),
        asked: 0,
    };
    let mut holder = Holder { world, draw, held };
    if role == Role::Brief {
        return look_briefly(&mut holder, begun_at).await;
    }
    holder.look().await;
    if holder.draw.random_bool(0.3) {
        holder.revoke_an_access_token().await;
    }
    world.ledger.keep(holder.held);
}

/// A token that will have expired soon is active until then. Nobody looks for it later: it is purged.
async fn look_briefly(holder: &mut Holder<'_>, begun_at: Instant) {
    let request = Request::Introspect(holder.world.question_about(holder.held.issuer, &holder.held.access[0].0));
    let outcome = holder.world.ask_any(holder.draw, Kind::Introspect, holder.held.issuer, request).await;
    if let Outcome::Done(Answer::Active(active)) = outcome
        && begun_at.elapsed() < Duration::from_secs(BRIEFLY - 1)
    {
        holder.world.ledger.introspected(&mut holder.held, 0, active);
    }
}

/// The host sweeps.
pub(crate) async fn sweep(world: &World, draw: &mut StdRng) {
    for issuer in Issuer::ALL {
        world.ask_any(draw, Kind::Sweep, issuer, Request::Sweep).await;
    }
}
