//! Redeeming a code.

use super::{ended, issued, refused};
use crate::grant_type::authorization_code::redeem;
use crate::grant_type::{RefreshPlan, Refusal, Verdict};
use crate::policy::CodeReplay;
use crate::record::{Client, Code, EndReason, Grant};
use crate::value::{Confirmation, GrantType, Lifetime, Timestamp};
use crate::wire::ErrorCode;
use crate::world::{CALLBACK, TOKEN_LIFETIME, VERIFIER, World, api, at, code_request, key};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const WRONG_VERIFIER: &str = "wrong-but-of-the-right-form-and-long-enough-1";

fn body(world: &World, verifier: &str) -> String {
    format!("code={}&code_verifier={verifier}", world.code().expose())
}

fn judged(world: &World, body: &str, client: &Client, grant: &Grant, now: Timestamp) -> Result<Verdict, Refusal> {
    redeem(&code_request(body), client, Some(grant), None, &world.policy, now)
}

/// The verdict on the right code from the right client, with this verifier.
fn with_verifier(world: &World, verifier: &str) -> Result<Verdict, Refusal> {
    judged(world, &body(world, verifier), &world.client, &world.approved(), at(1))
}

mod a_live_code {
    use super::*;

    #[test]
    fn yields_what_was_approved() {
        let world = World::new();

        let issue = issued(with_verifier(&world, VERIFIER));

        assert_eq!((issue.access.scope.as_str(), &issue.access.audience), ("read write", &api()));
        assert_eq!(issue.access.lifetime, TOKEN_LIFETIME);
        assert!(issue.access.confirmation.is_none());
    }

    #[test]
    fn begins_a_chain_with_the_lifetimes_of_the_clients_kind() {
        covers!("OAUTH21-2.4-02");
        for (world, idle, lifetime) in [
            (World::new(), Lifetime::days(30), Lifetime::days(180)),
            (World::confidential(), Lifetime::days(90), Lifetime::days(3650)),
        ] {
            match issued(with_verifier(&world, VERIFIER)).refresh {
                RefreshPlan::Start { confirmation: None, idle: given, lifetime: most } => {
                    assert_eq!((given, most), (idle, lifetime));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn begins_no_chain_for_a_client_that_may_not_refresh() {
        let mut world = World::new();
        world.client.grant_types = [GrantType::AuthorizationCode].into();

        assert!(matches!(issued(with_verifier(&world, VERIFIER)).refresh, RefreshPlan::None));
    }

    #[test]
    fn follows_the_clients_overrides() {
        let mut world = World::new();
        world.client.overrides.access_token_lifetime = Some(Lifetime::seconds(5));
        world.client.overrides.refresh_token_idle_lifetime = Some(Lifetime::seconds(6));
        world.client.overrides.refresh_token_lifetime = Some(Lifetime::seconds(7));

        let issue = issued(with_verifier(&world, VERIFIER));

        assert_eq!(issue.access.lifetime, Lifetime::seconds(5));
        let RefreshPlan::Start { idle, lifetime, .. } = issue.refresh else { panic!("a chain begins") };
        assert_eq!((idle, lifetime), (Lifetime::seconds(6), Lifetime::seconds(7)));
    }

    #[test]
    fn yields_no_scope_that_the_operator_has_taken_away() {
        let mut world = World::new();
        world.client.scope = "read".parse().unwrap();

        assert_eq!(issued(with_verifier(&world, VERIFIER)).access.scope.as_str(), "read");
    }

    #[test]
    fn yields_nothing_for_a_resource_that_the_operator_has_taken_away() {
        let mut world = World::new();
        let grant = world.approved();
        world.client.resources = crate::value::ResourceSet::default();

        let verdict = judged(&world, &body(&world, VERIFIER), &world.client, &grant, at(1));

        assert_eq!(refused(verdict), Refusal::ResourceNotGranted);
    }

    #[test]
    fn expires_on_the_second() {
        let world = World::new();
        let judge = |now| judged(&world, &body(&world, VERIFIER), &world.client, &world.approved(), now);

        issued(judge(at(59)));
        assert_eq!(refused(judge(at(60))), Refusal::CodeExpired);
        assert_eq!(refused(judge(Timestamp::MAX)), Refusal::CodeExpired);
        issued(judge(at(-86_400)));
    }
}

mod the_verifier {
    use super::*;

    #[test]
    fn is_checked_with_the_method_of_the_code() {
        covers!("RFC7636-4.5-01");
        let world = World::new();
        for asked in ["plain", "S256", "none", ""] {
            let right = format!("{}&code_challenge_method={asked}", body(&world, VERIFIER));
            issued(judged(&world, &right, &world.client, &world.approved(), at(1)));

            let plain = format!("{}&code_challenge_method={asked}", body(&world, CHALLENGE));
            let verdict = judged(&world, &plain, &world.client, &world.approved(), at(1));
            assert_eq!(ended(verdict).1, Refusal::CodeVerifierMismatch, "{asked}");
        }
    }

    #[test]
    fn must_not_be_the_challenge() {
        covers!("ATK-090");
        let (reason, refusal) = ended(with_verifier(&World::new(), CHALLENGE));

        assert_eq!((reason, refusal.code()), (EndReason::CodeBurnt, ErrorCode::InvalidGrant));
    }

    #[test]
    fn if_it_is_wrong_burns_the_code_of_its_own_client() {
        covers!("ATK-087");
        for verifier in [WRONG_VERIFIER, "x", &"x".repeat(129), "%20", &VERIFIER[..42]] {
            let (reason, refusal) = ended(with_verifier(&World::new(), verifier));
            assert_eq!((reason, refusal), (EndReason::CodeBurnt, Refusal::CodeVerifierMismatch), "{verifier}");
            assert_eq!(refusal.code(), ErrorCode::InvalidGrant);
        }
    }

    #[test]
    fn if_it_is_missing_burns_nothing() {
        covers!("OAUTH21-4.1.3-02");
        let refusal = refused(with_verifier(&World::new(), ""));

        assert_eq!((refusal, refusal.code()), (Refusal::CodeVerifierMissing, ErrorCode::InvalidRequest));
    }

    #[test]
    fn if_a_stranger_gets_it_wrong_burns_nothing() {
        let world = World::new();
        for client in [world.another_client(), world.replaced_client()] {
            refused(judged(&world, &body(&world, WRONG_VERIFIER), &client, &world.approved(), at(1)));
        }
    }

    #[test]
    fn is_checked_before_the_expiry() {
        let world = World::new();
        let verdict = judged(&world, &body(&world, WRONG_VERIFIER), &world.client, &world.approved(), at(600));

        assert_eq!(ended(verdict).0, EndReason::CodeBurnt);
    }
}

mod a_spent_code {
    use super::*;

    fn replayed(world: &World, verifier: &str, client: &Client, now: Timestamp) -> Result<Verdict, Refusal> {
        judged(world, &body(world, verifier), client, &world.active(), now)
    }

    #[test]
    fn ends_the_grant_when_its_client_replays_it() {
        let world = World::new();
        for now in [at(1), at(60), at(599)] {
            let (reason, refusal) = ended(replayed(&world, VERIFIER, &world.client, now));
            assert_eq!((reason, refusal), (EndReason::CodeReplayed, Refusal::CodeAlreadyRedeemed));
        }
    }

    #[test]
    fn is_refused_only_where_policy_says_so() {
        let mut world = World::new();
        world.policy.code_replay = CodeReplay::IsRefused;

        assert_eq!(refused(replayed(&world, VERIFIER, &world.client, at(1))), Refusal::CodeAlreadyRedeemed);
    }

    #[test]
    fn ends_nothing_without_its_verifier_or_its_client() {
        let world = World::new();
        assert_eq!(refused(replayed(&world, WRONG_VERIFIER, &world.client, at(1))), Refusal::CodeVerifierMismatch);
        assert_eq!(refused(replayed(&world, "", &world.client, at(1))), Refusal::CodeVerifierMissing);
        let stranger = world.another_client();
        assert_eq!(refused(replayed(&world, VERIFIER, &stranger, at(1))), Refusal::IssuedToAnotherClient);
        let replaced = world.replaced_client();
        assert_eq!(refused(replayed(&world, VERIFIER, &replaced, at(1))), Refusal::ClientReplaced);
    }

    #[test]
    fn is_junk_once_it_is_forgotten() {
        let world = World::new();
        let grant = world.active();
        let token = world.stored_access_token(1, at(600));
        let grant = grant.refreshed_at(at(600), token, world.chain(), 64).unwrap();

        let verdict = judged(&world, &body(&world, VERIFIER), &world.client, &grant, at(601));

        assert_eq!(refused(verdict), Refusal::UnknownCode);
    }
}

mod an_unknown_code {
    use super::*;

    #[test]
    fn is_refused_without_a_grant_without_a_code_and_with_another_secret() {
        let world = World::new();
        let judge = |body: &str, grant| redeem(&code_request(body), &world.client, grant, None, &world.policy, at(1));
        let approved = world.approved();

        assert_eq!(refused(judge(&body(&world, VERIFIER), None)), Refusal::UnknownCode);
        let junk = format!("code=junk&code_verifier={VERIFIER}");
        assert_eq!(refused(judge(&junk, Some(&approved))), Refusal::UnknownCode);
        let other = world.credential(crate::record::CredentialKind::Code, 1);
        let other = format!("code={}&code_verifier={VERIFIER}", other.expose());
        assert_eq!(refused(judge(&other, Some(&approved))), Refusal::UnknownCode);
    }

    #[test]
    fn is_what_an_access_or_refresh_token_is() {
        covers!("ATK-095");
        let world = World::new();
        for credential in [world.access_token(0), world.refresh_token(0)] {
            let body = format!("code={}&code_verifier={VERIFIER}", credential.expose());
            for grant in [world.approved(), world.active()] {
                assert_eq!(refused(judged(&world, &body, &world.client, &grant, at(1))), Refusal::UnknownCode);
            }
        }
    }

    #[test]
    fn is_what_a_code_of_another_realm_is() {
        let mut world = World::new();
        let grant = world.approved();
        world.realm = "https://other.example".parse().unwrap();
        let elsewhere = Grant::approved_at(at(0), world.identity(), world.approval(), World::new().stored_code());

        issued(judged(&world, &body(&world, VERIFIER), &world.client, &grant, at(1)));
        let verdict = judged(&world, &body(&world, VERIFIER), &world.client, &elsewhere, at(1));
        assert_eq!(refused(verdict), Refusal::UnknownCode);
    }

    #[test]
    fn is_not_looked_for_in_a_grant_that_has_ended() {
        let world = World::new();
        let grant = world.approved().ended_at(at(1), EndReason::SubjectEnded);

        let verdict = judged(&world, &body(&world, VERIFIER), &world.client, &grant, at(1));

        assert_eq!(refused(verdict), Refusal::GrantEnded);
    }
}

mod a_bound_code {
    use super::*;

    fn judged(bound: Option<Confirmation>, proven: Option<&Confirmation>, world: &World) -> Result<Verdict, Refusal> {
        let code = Code { confirmation: bound.map(Box::new), ..world.stored_code() };
        let grant = Grant::approved_at(at(0), world.identity(), world.approval(), code);
        let request = body(world, VERIFIER);
        redeem(&code_request(&request), &world.client, Some(&grant), proven, &world.policy, at(1))
    }

    #[test]
    fn needs_the_key_that_it_is_bound_to() {
        let world = World::new();
        issued(judged(Some(key(1)), Some(&key(1)), &world));
        for proven in [None, Some(&key(2)), Some(&Confirmation::Certificate([1; 32].into()))] {
            assert_eq!(refused(judged(Some(key(1)), proven, &world)), Refusal::ProofKeyMismatch);
        }
    }

    #[test]
    fn binds_what_it_yields_to_the_key_that_was_proven() {
        for (world, binds_the_chain) in [(World::new(), true), (World::confidential(), false)] {
            let issue = issued(judged(None, Some(&key(1)), &world));

            assert!(issue.access.confirmation.unwrap().matches(&key(1)));
            let RefreshPlan::Start { confirmation, .. } = issue.refresh else { panic!("a chain begins") };
            assert_eq!(confirmation.is_some_and(|bound| bound.matches(&key(1))), binds_the_chain);
        }
    }
}

mod the_redirect_uri {
    use super::*;

    fn judged_with(world: &World, redirect_uri: &str) -> Result<Verdict, Refusal> {
        let body = format!("{}&redirect_uri={redirect_uri}", body(world, VERIFIER));
        judged(world, &body, &world.client, &world.approved(), at(1))
    }

    #[test]
    fn must_be_the_one_that_the_code_was_sent_to_if_it_is_repeated() {
        let world = World::new();
        issued(judged_with(&world, CALLBACK));
        issued(judged_with(&world, ""));
        for other in ["https://app.example/cb/", "https://app.example/CB", "https://evil.tld/cb", "x"] {
            assert_eq!(refused(judged_with(&world, other)), Refusal::RedirectUriMismatch, "{other}");
        }
    }

    #[test]
    fn must_be_repeated_where_policy_says_so() {
        let mut world = World::new();
        world.policy.requires_redirect_uri_at_token_endpoint = true;

        issued(judged_with(&world, CALLBACK));
        let refusal = refused(judged_with(&world, ""));
        assert_eq!((refusal, refusal.code()), (Refusal::RedirectUriMissing, ErrorCode::InvalidRequest));
    }

    #[test]
    fn is_checked_before_the_code_is_burnt() {
        let world = World::new();
        let body = format!("{}&redirect_uri=https://evil.tld/cb", body(&world, WRONG_VERIFIER));

        let verdict = judged(&world, &body, &world.client, &world.approved(), at(1));

        assert_eq!(refused(verdict), Refusal::RedirectUriMismatch);
    }
}

#[test]
fn a_client_that_may_not_use_codes_is_refused_first() {
    let mut world = World::new();
    world.client.grant_types = [GrantType::RefreshToken].into();

    let refusal = refused(with_verifier(&world, VERIFIER));

    assert_eq!((refusal, refusal.code()), (Refusal::GrantTypeNotAllowed, ErrorCode::UnauthorizedClient));
}
