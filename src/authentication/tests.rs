//! Who is calling: one registered method each, and every failure looks the same.

use std::sync::Arc;

use super::{Judgement, Refusal, authenticate};
use crate::record::{Client, ClientSecretForm, StoredClientSecret};
use crate::value::{AuthenticationMethod, ClientSecret, Timestamp};
use crate::wire::{ErrorCode, MalformedCredentials, MalformedParameters, PresentedMethod};
use crate::world::{World, at};

fn secret(text: &str) -> ClientSecret {
    text.parse().unwrap()
}

fn basic(text: &str) -> PresentedMethod {
    PresentedMethod::Basic(secret(text))
}

fn digest_of(text: &str, expires_at: Option<Timestamp>) -> StoredClientSecret {
    StoredClientSecret { form: ClientSecretForm::Digest(secret(text).digest()), expires_at }
}

fn imported(stored: &str, expires_at: Option<Timestamp>) -> StoredClientSecret {
    StoredClientSecret { form: ClientSecretForm::Verifier(stored.to_owned()), expires_at }
}

/// A client with these secrets, as the registry gives it.
fn registered(method: AuthenticationMethod, secrets: Vec<StoredClientSecret>) -> Arc<Client> {
    Arc::new(Client { authentication: method, secrets, ..World::new().client })
}

fn with_secrets(secrets: Vec<StoredClientSecret>) -> Arc<Client> {
    registered(AuthenticationMethod::ClientSecretBasic, secrets)
}

fn judged(
    presented: PresentedMethod,
    client: impl Into<Option<Arc<Client>>>,
    now: Timestamp,
) -> Result<Judgement, Refusal> {
    authenticate(presented, client.into(), now)
}

fn refusal(presented: PresentedMethod, client: impl Into<Option<Arc<Client>>>) -> Refusal {
    judged(presented, client, at(0)).expect_err("the client must not be authenticated")
}

fn assert_authenticated(judgement: Result<Judgement, Refusal>) {
    match judgement {
        Ok(Judgement::Authenticated(client)) => assert_eq!(client.client().id().as_str(), "client"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_right_secret_by_the_registered_method_is_accepted() {
    let secrets = || vec![digest_of("one", None)];
    assert_authenticated(judged(basic("one"), with_secrets(secrets()), at(0)));
    let post = PresentedMethod::Post(secret("one"));
    assert_authenticated(judged(post, registered(AuthenticationMethod::ClientSecretPost, secrets()), at(0)));
}

#[test]
fn a_public_client_names_itself() {
    assert_authenticated(judged(PresentedMethod::None, registered(AuthenticationMethod::None, Vec::new()), at(0)));
}

#[test]
fn a_wrong_secret_is_refused() {
    for wrong in ["on", "one ", "One", "one1", "x"] {
        assert_eq!(refusal(basic(wrong), with_secrets(vec![digest_of("one", None)])), Refusal::WrongSecret, "{wrong}");
    }
}

#[test]
fn a_client_without_any_secret_matches_none() {
    covers!("ATK-115");
    assert_eq!(refusal(basic("one"), with_secrets(Vec::new())), Refusal::WrongSecret);
    assert_eq!(refusal(PresentedMethod::None, with_secrets(Vec::new())), Refusal::WrongMethod);
}

#[test]
fn an_unknown_client_is_refused_by_every_method() {
    for method in [PresentedMethod::Basic(secret("one")), PresentedMethod::Post(secret("one")), PresentedMethod::None] {
        assert_eq!(refusal(method, None), Refusal::UnknownClient);
    }
}

#[test]
fn another_method_than_the_registered_one_is_refused_though_the_secret_is_right() {
    use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None};
    for method in [ClientSecretBasic, ClientSecretPost, None] {
        let client = registered(method, vec![digest_of("one", Option::None)]);
        for (presented_method, is) in [
            (PresentedMethod::Basic(secret("one")), ClientSecretBasic),
            (PresentedMethod::Post(secret("one")), ClientSecretPost),
            (PresentedMethod::None, None),
        ] {
            let judgement = judged(presented_method, client.clone(), at(0));
            match judgement {
                Ok(_) => assert_eq!(is, method),
                Err(refusal) => assert_eq!(refusal, Refusal::WrongMethod),
            }
        }
    }
}

#[test]
fn a_disabled_client_is_refused_whatever_it_presents() {
    let client = |method| {
        let client = Client { authentication: method, is_disabled: true, ..World::new().client };
        Arc::new(Client { secrets: vec![digest_of("one", None)], ..client })
    };
    assert_eq!(refusal(basic("one"), client(AuthenticationMethod::ClientSecretBasic)), Refusal::DisabledClient);
    assert_eq!(refusal(PresentedMethod::None, client(AuthenticationMethod::None)), Refusal::DisabledClient);
}

#[test]
fn either_of_two_secrets_is_accepted_until_it_expires() {
    let client = with_secrets(vec![digest_of("old", Some(at(10))), digest_of("new", None)]);
    let judge = |text: &str, now| judged(basic(text), client.clone(), now);

    assert_authenticated(judge("old", at(9)));
    assert_authenticated(judge("new", at(9)));
    assert_eq!(judge("old", at(10)).unwrap_err(), Refusal::WrongSecret);
    assert_authenticated(judge("new", at(10)));
}

mod imported_secrets {
    use super::*;

    #[test]
    fn the_hosts_verifier_is_asked_about_every_active_one() {
        let secrets = vec![imported("$a", None), imported("$b", Some(at(1))), imported("$c", Some(at(0)))];

        let Ok(Judgement::CheckSecret(check)) = judged(basic("one"), with_secrets(secrets), at(0)) else {
            panic!("only the host can say")
        };

        assert_eq!(check.stored().collect::<Vec<_>>(), ["$a", "$b"]);
        assert_eq!(check.presented().expose(), "one");
        assert_eq!(check.verified(true).unwrap().client().id().as_str(), "client");
    }

    #[test]
    fn its_no_is_a_wrong_secret() {
        let Ok(Judgement::CheckSecret(check)) = judged(basic("one"), with_secrets(vec![imported("$a", None)]), at(0))
        else {
            panic!("only the host can say")
        };

        assert_eq!(check.verified(false).unwrap_err(), Refusal::WrongSecret);
    }

    #[test]
    fn it_is_not_asked_where_a_minted_secret_matches_or_all_have_expired() {
        let both = with_secrets(vec![imported("$a", None), digest_of("one", None)]);
        assert_authenticated(judged(basic("one"), both, at(0)));

        let expired = with_secrets(vec![imported("$a", Some(at(0)))]);
        assert_eq!(refusal(basic("one"), expired), Refusal::WrongSecret);
    }
}

#[test]
fn every_failure_to_authenticate_is_one_code_and_only_a_malformed_request_is_another() {
    for refusal in [
        Refusal::DisabledClient,
        Refusal::Malformed(MalformedCredentials::Missing),
        Refusal::Malformed(MalformedCredentials::Unreadable),
        Refusal::Malformed(MalformedCredentials::Unsupported),
        Refusal::PublicClient,
        Refusal::UnknownClient,
        Refusal::WrongMethod,
        Refusal::WrongSecret,
    ] {
        assert_eq!(refusal.code(), ErrorCode::InvalidClient, "{refusal}");
    }
    for refusal in [
        Refusal::Malformed(MalformedCredentials::Several),
        Refusal::Malformed(MalformedCredentials::Contradicting),
        Refusal::Malformed(MalformedCredentials::Parameters(MalformedParameters::Repeated)),
    ] {
        assert_eq!(refusal.code(), ErrorCode::InvalidRequest, "{refusal}");
    }
}
