//! Two requests over one grant, in every order of their loads and saves, with every save failing in turn.

mod approve;
mod clients;
mod stage;

use std::future::Future as _;
use std::sync::Arc;

use grantsmith::host::DerivedKeyring;
use grantsmith::policy::Policy;
use grantsmith::record::{CredentialKind, Locator, Phase, PresentedCredential, PresentedRefresh, Recognition};
use grantsmith::server::EndpointError;
use grantsmith::wire::{FormRequest, TokenResponse};
use stage::{Director, Fault, Stage, as_storage};

use crate::token_world::{TokenWorld, Wish, access, code_of, redemption, refresh_of};

/// A request that takes part in a race.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Act {
    /// Redeem the code.
    Redeem,
    /// Redeem the code with a wrong verifier.
    RedeemWrongly,
    /// Use the first refresh token.
    Refresh,
    /// Give the first refresh token back.
    Revoke,
    /// Give the first access token back.
    RevokeAccess,
}

/// What came of it.
#[expect(clippy::large_enum_variant, reason = "there are two of them at a time")]
enum Outcome {
    Tokens(TokenResponse),
    Revoked,
    Failed(EndpointError),
}

/// One race, prepared.
struct Race {
    stage: Arc<Stage>,
    world: TokenWorld,
    code: String,
    /// Tokens that were out before the race, unless the race is about the code.
    before: Option<TokenResponse>,
}

impl Race {
    fn new(is_about_the_code: bool, ignores_expectations: bool) -> Self {
        let stage = Arc::new(Stage::new(ignores_expectations));
        let world = TokenWorld::build(as_storage(&stage), |builder| builder.policy(Policy::default()));
        let code = world.code(&world.app, &Wish::default());
        let before = (!is_about_the_code).then(|| world.redeem(&world.app, &code).unwrap());
        // The client is remembered, so that a race is about the grant alone.
        let _ = world.refresh(&world.app, "x");
        Self { stage, world, code, before }
    }

    async fn act(&self, act: Act) -> Outcome {
        let client = self.world.app.client.id();
        let before = self.before.as_ref();
        let form = match act {
            Act::Redeem => redemption(&self.code),
            Act::RedeemWrongly => {
                format!("grant_type=authorization_code&code={}&code_verifier={}", self.code, "x".repeat(43))
            }
            Act::Refresh => format!("grant_type=refresh_token&refresh_token={}", refresh_of(before.unwrap())),
            Act::Revoke => format!("token={}", refresh_of(before.unwrap())),
            Act::RevokeAccess => format!("token={}", access(before.unwrap())),
        };
        let form = format!("{form}&client_id={client}");
        let request = FormRequest::new(form.as_bytes());
        match act {
            Act::Redeem | Act::RedeemWrongly | Act::Refresh => match self.world.server.token(&request).await {
                Ok(tokens) => Outcome::Tokens(tokens),
                Err(error) => Outcome::Failed(error),
            },
            Act::Revoke | Act::RevokeAccess => match self.world.server.revoke(&request).await {
                Ok(()) => Outcome::Revoked,
                Err(error) => Outcome::Failed(error),
            },
        }
    }

    /// Checks what must always hold over what the clients were told. Says what does not.
    fn violations(&self, acts: [Act; 2], outcomes: &[Outcome; 2]) -> Vec<String> {
        let mut found = Vec::new();
        let grant = self.world.grants().remove(0);
        let has_ended = matches!(grant.phase(), Phase::Ended(_));
        let issued: Vec<&TokenResponse> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Tokens(tokens) => Some(tokens),
                _ => None,
            })
            .collect();
        let redeemed = acts.iter().zip(outcomes);
        let redeemed = redeemed.filter(|(act, outcome)| **act == Act::Redeem && matches!(outcome, Outcome::Tokens(_)));
        if redeemed.count() > 1 {
            found.push("a code yielded tokens twice".to_owned());
        }
        let all: Vec<&TokenResponse> = issued.iter().copied().chain(self.before.as_ref()).collect();
        let active = all.iter().filter(|tokens| self.world.is_active(access(tokens))).count();
        let live = all.iter().filter(|tokens| self.is_live(refresh_of(tokens))).count();
        if has_ended && active + live > 0 {
            found.push("a credential of an ended grant is active".to_owned());
        }
        if live > 1 {
            found.push("two refresh tokens of one chain are live".to_owned());
        }
        if !has_ended && active < issued.len() && !acts.contains(&Act::RevokeAccess) {
            found.push("a token that was handed out is not active".to_owned());
        }
        for (act, outcome) in acts.iter().zip(outcomes) {
            match (act, outcome) {
                (Act::Revoke, Outcome::Revoked) if !has_ended => found.push("a revoked grant lives".to_owned()),
                (Act::RevokeAccess, Outcome::Revoked)
                    if self.world.is_active(access(self.before.as_ref().unwrap())) =>
                {
                    found.push("a revoked access token is active".to_owned());
                }
                (Act::RedeemWrongly, Outcome::Tokens(_)) => found.push("a wrong verifier was accepted".to_owned()),
                _ => {}
            }
        }
        found
    }

    fn is_live(&self, token: &str) -> bool {
        let grant = self.world.grants().remove(0);
        let Phase::Active(active) = grant.phase() else { return false };
        let presented = PresentedCredential::parse("", token).unwrap();
        assert_eq!(presented.kind(), CredentialKind::RefreshToken);
        let locator: Locator = presented.locator(&masking());
        let refresh =
            PresentedRefresh { generation: locator.counter, family: &locator.family, secret: presented.secret() };
        let chain = active.refresh.as_ref().unwrap();
        let recognition = chain.recognize(&refresh, grant.realm().fingerprint(), grant.id(), None, self.world.now());
        matches!(recognition, Recognition::Live)
    }
}

fn masking() -> grantsmith::record::MaskingKey {
    use grantsmith::host::{Keyring as _, Purpose};
    let keyring: DerivedKeyring = crate::token_world::keyring();
    let key = keyring.key(Purpose::Masking, 1).unwrap();
    grantsmith::record::MaskingKey::new(1, key.expose()[..16].try_into().unwrap())
}

/// Plays every order, without a fault and with each fault at each save. Returns how many performances there were, and
/// the violations that were seen.
fn play_all(acts: [Act; 2], ignores_expectations: bool) -> (usize, Vec<String>) {
    let is_about_the_code = acts.iter().any(|act| matches!(act, Act::Redeem | Act::RedeemWrongly));
    let mut faults: Vec<Option<(usize, Fault)>> = vec![None];
    let (mut performances, mut violations) = (0, Vec::new());
    let mut most_saves = 0;
    let mut next = 0;
    while next < faults.len() {
        let mut director = Director::default();
        loop {
            let race = Race::new(is_about_the_code, ignores_expectations);
            race.stage.raise_the_curtain(faults[next]);
            let (first, second) = director.play(race.act(acts[0]), race.act(acts[1]));
            race.stage.lower_the_curtain();
            performances += 1;
            most_saves = most_saves.max(race.stage.saves());
            violations.extend(race.violations(acts, &[first, second]));
            if !director.next() {
                break;
            }
        }
        if next == 0 {
            for save in 0..most_saves {
                faults.extend([Some((save, Fault::ErrorBefore)), Some((save, Fault::ErrorAfter))]);
            }
        }
        next += 1;
    }
    (performances, violations)
}

fn assert_sound(acts: [Act; 2]) {
    let (performances, violations) = play_all(acts, false);
    assert_eq!(violations, Vec::<String>::new(), "{acts:?}");
    // Two requests of two calls each have six orders.
    assert!(performances >= 6, "{acts:?}: {performances}");
}

#[test]
fn two_redemptions_of_a_code() {
    covers!("ATK-080", "RFC6749-4.1.2-04");
    assert_sound([Act::Redeem, Act::Redeem]);
}

#[test]
fn a_redemption_and_one_with_a_wrong_verifier() {
    covers!("ATK-080", "ATK-110");
    assert_sound([Act::Redeem, Act::RedeemWrongly]);
}

#[test]
fn two_refreshes_with_one_token() {
    covers!("ATK-142");
    assert_sound([Act::Refresh, Act::Refresh]);
}

#[test]
fn a_refresh_and_the_revocation_of_its_grant() {
    covers!("ATK-146", "ATK-110", "ATK-288");
    assert_sound([Act::Refresh, Act::Revoke]);
}

#[test]
fn a_refresh_and_the_revocation_of_an_access_token() {
    covers!("ATK-110");
    assert_sound([Act::Refresh, Act::RevokeAccess]);
}

#[test]
fn two_revocations() {
    covers!("ATK-182");
    assert_sound([Act::Revoke, Act::RevokeAccess]);
}

#[test]
fn the_checker_finds_a_storage_that_ignores_expectations() {
    for (acts, expected) in [
        ([Act::Redeem, Act::Redeem], "a code yielded tokens twice"),
        ([Act::Refresh, Act::Revoke], "a revoked grant lives"),
        ([Act::Refresh, Act::RevokeAccess], "a revoked access token is active"),
    ] {
        let (_, violations) = play_all(acts, true);
        assert!(violations.iter().any(|violation| violation == expected), "{acts:?}: {violations:?}");
    }
}

/// Plays one request alone, with a fault at its only save, and a repetition after it.
fn alone(act: Act, fault: Fault) -> (Race, Outcome) {
    let is_about_the_code = matches!(act, Act::Redeem);
    let race = Race::new(is_about_the_code, false);
    race.stage.raise_the_curtain(Some((0, fault)));
    let (outcome, ()) = Director::default().play(race.act(act), async {});
    race.stage.lower_the_curtain();
    (race, outcome)
}

#[test]
fn a_lost_acknowledgement_is_no_theft() {
    covers!("ATK-293", "ATK-182");
    for act in [Act::Redeem, Act::Refresh, Act::Revoke, Act::RevokeAccess] {
        let (race, outcome) = alone(act, Fault::ErrorAfter);

        match outcome {
            // The record shows the request's own version: the answer is as if nothing had happened.
            Outcome::Tokens(tokens) => assert!(race.world.is_active(access(&tokens)), "{act:?}"),
            Outcome::Revoked => assert!(!race.world.is_active(access(race.before.as_ref().unwrap()))),
            Outcome::Failed(error) => panic!("{act:?}: {error}"),
        }
        assert_eq!(race.world.events.count("Compromised"), 0);
    }
}

#[test]
fn a_write_that_failed_is_tried_once_more_and_accuses_nobody() {
    covers!("ATK-293", "ATK-182");
    for act in [Act::Redeem, Act::Refresh, Act::Revoke, Act::RevokeAccess] {
        let (race, outcome) = alone(act, Fault::ErrorBefore);

        assert!(!matches!(outcome, Outcome::Failed(_)), "{act:?}");
        assert_eq!(race.world.events.count("Compromised"), 0);
    }
}

#[test]
fn fifty_redemptions_at_once_give_tokens_once_at_most() {
    covers!("ATK-080");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());

    let outcomes = at_once(50, |_| code_of(world.redeem(&world.app, &code)));

    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "ok").count(), 1);
    assert_eq!(world.ended(), 1);
}

#[test]
fn fifty_rotations_at_once_leave_one_live_token_at_most() {
    covers!("ATK-142");
    let world = TokenWorld::new();
    let first = world.tokens(&world.app);

    let outcomes = at_once(50, |_| code_of(world.refresh(&world.app, refresh_of(&first))));

    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "ok").count(), 1);
    assert_eq!(world.ended(), 1);
}

#[test]
fn thirty_two_refreshes_without_rotation_all_succeed() {
    let world = TokenWorld::new();
    let first = world.tokens(&world.web);

    let tokens = at_once(32, |_| world.refresh(&world.web, refresh_of(&first)).unwrap());

    assert!(tokens.iter().all(|tokens| world.is_active(access(tokens))));
}

fn at_once<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = std::sync::Barrier::new(count);
    std::thread::scope(|scope| {
        let (act, barrier) = (&act, &barrier);
        let threads: Vec<_> = (0..count)
            .map(|number| {
                scope.spawn(move || {
                    barrier.wait();
                    act(number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_future_that_is_dropped_leaves_all_or_nothing() {
    covers!("ATK-293");
    for polls in 0..4 {
        let race = Race::new(true, false);
        race.stage.raise_the_curtain(None);
        {
            let mut future = Box::pin(race.act(Act::Redeem));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            for _ in 0..polls {
                if future.as_mut().poll(&mut context).is_ready() {
                    break;
                }
            }
        }
        race.stage.lower_the_curtain();

        let grant = race.world.grants().remove(0);
        match grant.phase() {
            Phase::Approved(_) => assert_eq!(code_of(race.world.redeem(&race.world.app, &race.code)), "ok"),
            Phase::Active(active) => assert!(active.refresh.is_some() && active.access.iter().count() == 1),
            other => panic!("{polls}: {other:?}"),
        }
    }
}
