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

/// One user and one grant or a few, each of which ends; then the session and the user end. Some are left alone.
pub(crate) async fn user(world: &World, seed: u64, number: u64) {
    let draw = &mut draw_of(seed, number);
    let issuer = if draw.random_bool(0.5) { Issuer::Strict } else { Issuer::Patient };
    let user = User { subject: format!("user-{number}"), session: format!("session-{number}"), logged_in_at: 0 };
    let is_left_alone = draw.random_bool(0.15);
    let mut grants = Vec::new();
    for _ in 0..if draw.random_bool(0.8) { 1 } else { 3 } {
        let role = if draw.random_bool(0.15) { Role::Web } else { Role::App };
        let Some(held) = beginning::obtain(world, draw, issuer, role, &user).await else { continue };
        let mut holder = Holder { world, draw, held };
        holder.use_for_a_while().await;
        if !is_left_alone {
            holder.end().await;
        }
        holder.look().await;
        grants.push(holder.held);
    }
    if !is_left_alone {
        ending::end_session(world, draw, &mut grants, &user).await;
        ending::end_subject(world, draw, &mut grants, &user).await;
    }
    for held in grants {
        world.ledger.keep(held);
    }
}

impl Holder<'_> {
    async fn use_for_a_while(&mut self) {
        for _ in 0..self.draw.random_range(1..4) {
            if self.held.standing == Standing::Ended {
                return;
            }
            match self.draw.random_range(0..10) {
                0..3 => self.refresh().await,
                3..6 if self.held.issuer == Issuer::Strict => self.refresh().await,
                3..7 => self.refresh_in_two_tabs().await,
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
