//! What the clients of one user do, from the user's approval to whatever ends it.
//!
//! A story asks one thing after the other, except where it races on purpose, so it knows what was acknowledged before
//! what. When it is over, the ledger keeps its grants, and others look at them.

mod beginning;
mod ending;
mod machine;
mod refreshing;

pub(crate) use ending::{refresh_what_ended, revisit};
pub(crate) use machine::{machine, sweep};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::clients::Role;
use crate::ledger::{Held, Standing};
use crate::protocol::{Issuer, User};
use crate::world::World;

/// A grant in the hands of its client.
pub(crate) struct Holder<'a> {
    pub(crate) world: &'a World,
    pub(crate) draw: &'a mut StdRng,
    pub(crate) held: Held,
}

/// The draw of everything that one story decides: the same for the same seed and number.
pub(crate) fn draw_of(seed: u64, number: u64) -> StdRng {
    StdRng::seed_from_u64(seed ^ number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// One user, up to three grants, one end.
pub(crate) async fn user(world: &World, seed: u64, number: u64) {
    let draw = &mut draw_of(seed, number);
    let issuer = if draw.random_bool(0.5) { Issuer::Strict } else { Issuer::Patient };
    let user = User { subject: format!("user-{number}"), session: format!("session-{number}"), logged_in_at: 0 };
    let mut grants = Vec::new();
    for _ in 0..draw.random_range(1..=3) {
        let role = if draw.random_bool(0.3) { Role::Web } else { Role::App };
        let Some(held) = beginning::obtain(world, draw, issuer, role, &user).await else { continue };
        let mut holder = Holder { world, draw, held };
        holder.use_for_a_while().await;
        grants.push(holder.held);
    }
    if draw.random_bool(0.4) {
        ending::end_all(world, draw, &mut grants, &user).await;
    } else {
        for held in grants.drain(..).collect::<Vec<_>>() {
            let mut holder = Holder { world, draw, held };
            holder.end_somehow().await;
            grants.push(holder.held);
        }
    }
    for held in grants {
        let mut holder = Holder { world, draw, held };
        holder.look().await;
        world.ledger.keep(holder.held);
    }
}

impl Holder<'_> {
    async fn use_for_a_while(&mut self) {
        for _ in 0..self.draw.random_range(1..5) {
            if self.held.standing == Standing::Ended {
                return;
            }
            match self.draw.random_range(0..10) {
                0..2 => self.look().await,
                2..5 => self.refresh().await,
                5..8 => self.refresh_in_two_tabs().await,
                _ => self.revoke_an_access_token().await,
            }
        }
    }

    /// The resource server asks about one of the tokens.
    async fn look(&mut self) {
        if !self.held.access.is_empty() {
            let token = self.draw.random_range(0..self.held.access.len());
            self.world.introspect(self.draw, &mut self.held, token).await;
        }
    }

    /// The user, of a grant of a user.
    fn user(&self) -> &User {
        self.held.user.as_ref().unwrap()
    }
}
