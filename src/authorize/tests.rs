use std::sync::Arc;

use super::*;
use crate::policy::Policy;
use crate::record::{Authentication, Consent, Trust};
use crate::value::{
    AuthenticationMethod, Digest, GrantId, GrantType, InstanceId, Realm, ResourceSet, SessionId, Subject, SymmetricKey,
    Timestamp,
};
use crate::wire::{ErrorCode, MalformedParameters};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn realm() -> Realm {
    "https://as.example".parse().unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn client() -> Client {
    let instance = InstanceId::from_bytes([1; 16]);
    let authentication = AuthenticationMethod::ClientSecretBasic;
    let mut client = Client::new(&realm(), "web".parse().unwrap(), instance, authentication, now());
    client.grant_types.insert(GrantType::AuthorizationCode);
    client.redirect_uris = vec!["https://app.example/callback".parse().unwrap()];
    client.scope = "read write".parse().unwrap();
    client.default_scope = "read".parse().unwrap();
    client
}

fn validated_for(client: Client, more: &str) -> Result<Validated, RequestRefusal> {
    let query = format!(
        "client_id=web&response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256&state=s&{more}"
    );
    let received = Received::parse(query.as_bytes()).unwrap();
    let addressed = received.addressed(Some(Arc::new(client))).unwrap();
    addressed.validated().map_err(|error| error.refusal)
}

fn validated(more: &str) -> Result<Validated, RequestRefusal> {
    validated_for(client(), more)
}

mod phases {
    use super::*;

    #[test]
    fn a_request_in_order_is_validated() {
        let request =
            validated("scope=write+read&nonce=n&max_age=5&prompt=consent+login&response_mode=form_post").unwrap();

        assert_eq!(request.scope.as_str(), "read write");
        assert_eq!(request.reply.state.unwrap().as_str(), "s");
        assert_eq!(request.reply.redirect_uri.as_str(), "https://app.example/callback");
        assert_eq!(request.max_age, Some(Lifetime::seconds(5)));
        assert!(request.prompts.consent && request.prompts.login && !request.prompts.select_account);
        assert!(!request.reply.is_silent);
    }

    #[test]
    fn each_check_has_its_refusal() {
        for (more, refusal) in [
            ("response_mode=x", RequestRefusal::ResponseModeUnsupported),
            ("scope=%22", RequestRefusal::ScopeMalformed),
            ("scope=admin", RequestRefusal::ScopeNotGranted),
            ("resource=x", RequestRefusal::ResourceMalformed),
            ("resource=https://api.example", RequestRefusal::ResourceNotGranted),
            ("prompt=x", RequestRefusal::PromptMalformed),
            ("prompt=none+login", RequestRefusal::PromptMalformed),
            ("max_age=-1", RequestRefusal::MaxAgeMalformed),
            ("nonce=%09", RequestRefusal::NonceMalformed),
            ("login_hint=%09", RequestRefusal::HintMalformed),
            ("request=x", RequestRefusal::RequestObject),
            ("request_uri=x", RequestRefusal::RequestReference),
            ("scope=read&scope=read", RequestRefusal::Parameters(MalformedParameters::Repeated)),
        ] {
            assert_eq!(validated(more).unwrap_err(), refusal, "{more}");
        }
        let mut without_codes = client();
        without_codes.grant_types.clear();
        assert_eq!(validated_for(without_codes, "").unwrap_err(), RequestRefusal::ClientMayNotUseCodes);
    }

    #[test]
    fn an_error_goes_out_by_what_was_in_order() {
        let query = "client_id=web&state=%00&response_mode=form_post&prompt=none";
        let addressed = Received::parse(query.as_bytes()).unwrap().addressed(Some(Arc::new(client()))).unwrap();

        let error = addressed.validated().unwrap_err();

        assert_eq!(error.refusal, RequestRefusal::StateMalformed);
        assert!(error.reply.state.is_none() && error.reply.is_silent);
        assert_eq!(error.reply.mode, crate::value::ResponseMode::FormPost);
    }

    #[test]
    fn the_client_is_known_before_the_redirect_uri_is_looked_at() {
        let received = || Received::parse(b"client_id=web&redirect_uri=https://evil.example/").unwrap();
        let mut disabled = client();
        disabled.is_disabled = true;

        assert_eq!(received().addressed(None).unwrap_err(), PageError::UnknownClient);
        assert_eq!(received().addressed(Some(Arc::new(disabled))).unwrap_err(), PageError::DisabledClient);
        let registered = received().addressed(Some(Arc::new(client())));
        assert_eq!(registered.unwrap_err(), PageError::RedirectUriNotRegistered);
    }

    #[test]
    fn another_registration_is_another_client() {
        let uri = "https://app.example/callback".parse().unwrap();
        let other = InstanceId::from_bytes([2; 16]);

        let again = addressed_again(Some(Arc::new(client())), other, &uri);

        assert_eq!(again.unwrap_err(), PageError::ClientReplaced);
    }
}

mod visits {
    use super::*;

    fn consent() -> Consent {
        let subject: Subject = "alice".parse().unwrap();
        let client = client();
        let names = (client.id(), client.instance);
        Consent::given_at(now(), &realm(), &subject, names, "read write".parse().unwrap(), ResourceSet::default())
    }

    fn judged(more: &str, client: &Client, authenticated_at: i64) -> Result<Judgement, RequestRefusal> {
        let authentication = Authentication::at(Timestamp::from_seconds(authenticated_at));
        let consent = consent();
        let visit = Visit {
            authentication: Some(&authentication),
            consent: Some(&consent),
            asked_at: now(),
            has_returned: true,
        };
        judge(&validated(more).unwrap(), client, &visit, &Policy::default(), now().after(Lifetime::seconds(10)))
    }

    #[test]
    fn an_authentication_is_new_after_the_request_only() {
        let at = now().as_seconds();
        for (more, authenticated_at, expected) in [
            ("", at - 1000, Judgement::Approve),
            ("prompt=login", at, Judgement::LogInAgain),
            ("prompt=login", at + 1, Judgement::Approve),
            ("max_age=0", at, Judgement::LogInAgain),
            ("max_age=0", at + 1, Judgement::Approve),
            ("max_age=11", at, Judgement::Approve),
            ("max_age=10", at, Judgement::LogInAgain),
            ("prompt=select_account", at, Judgement::Approve),
            ("prompt=consent", at, Judgement::AskConsent),
        ] {
            assert_eq!(judged(more, &client(), authenticated_at), Ok(expected), "{more} {authenticated_at}");
        }
    }

    #[test]
    fn nothing_is_asked_silently() {
        let at = now().as_seconds();
        let mut unverified = client();
        unverified.trust = Trust::Unverified;

        assert_eq!(judged("prompt=none", &client(), at), Ok(Judgement::Approve));
        assert_eq!(judged("prompt=none&max_age=1", &client(), at), Err(RequestRefusal::LoginRequired));
        assert_eq!(judged("prompt=none", &unverified, at), Err(RequestRefusal::ConsentRequired));
    }

    #[test]
    fn a_consent_of_another_registration_answers_nothing() {
        let mut registered_anew = client();
        registered_anew.instance = InstanceId::from_bytes([2; 16]);

        assert_eq!(judged("", &registered_anew, now().as_seconds()), Ok(Judgement::AskConsent));
    }
}

mod handles {
    use super::*;

    fn key(byte: u8) -> SymmetricKey {
        SymmetricKey::new([byte; 32])
    }

    fn paused() -> Paused {
        Paused {
            grant: GrantId::from_bytes([3; 12]),
            asked_at: now(),
            expires_at: now().after(Lifetime::minutes(10)),
            binding: Digest::of(&[b"cookie"]),
            shown_to: None,
            question: Question::Request(Box::new(validated("scope=read&prompt=login&nonce=n").unwrap())),
        }
    }

    fn opened(text: &str, key: &SymmetricKey, realm: &Realm) -> Option<Paused> {
        PresentedHandle::parse(text)?.open(key, realm.fingerprint())
    }

    #[test]
    fn what_was_sealed_comes_back() {
        let text = paused().seal(9, &key(1), realm().fingerprint()).unwrap();

        let back = opened(&text, &key(1), &realm()).unwrap();

        assert_eq!(PresentedHandle::parse(&text).unwrap().key_number(), 9);
        assert_eq!(serde_json::to_string(&back).unwrap(), serde_json::to_string(&paused()).unwrap());
        let refused = Question::Refused(Refused {
            client: "web".parse().unwrap(),
            client_instance: InstanceId::from_bytes([1; 16]),
            reply: validated("").unwrap().reply,
            code: ErrorCode::InvalidScope,
        });
        let text = Paused { question: refused, ..paused() }.seal(9, &key(1), realm().fingerprint()).unwrap();
        let Some(Question::Refused(refused)) = opened(&text, &key(1), &realm()).map(|paused| paused.question) else {
            panic!("not refused")
        };
        assert_eq!(refused.code, ErrorCode::InvalidScope);
    }

    #[test]
    fn another_key_or_realm_opens_nothing() {
        let text = paused().seal(9, &key(1), realm().fingerprint()).unwrap();

        assert!(opened(&text, &key(2), &realm()).is_none());
        assert!(opened(&text, &key(1), &"https://other.example".parse().unwrap()).is_none());
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let text = paused().seal(9, &key(1), realm().fingerprint()).unwrap();

        for position in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(opened(&changed, &key(1), &realm()).is_none(), "{position}");
        }
        assert!(opened(&"A".repeat(32 * 1024 + 1), &key(1), &realm()).is_none());
    }

    #[test]
    fn a_page_is_shown_to_one_user_in_one_session() {
        let realm = realm();
        let (alice, ali): (Subject, Subject) = ("alice".parse().unwrap(), "ali".parse().unwrap());
        let (one, ce): (SessionId, SessionId) = ("one".parse().unwrap(), "ce".parse().unwrap());
        let digest = |subject, session| shown_to_digest(realm.fingerprint(), subject, session);

        assert!(digest(&alice, Some(&one)).matches(&digest(&alice, Some(&one))));
        assert!(!digest(&alice, Some(&one)).matches(&digest(&alice, None)));
        assert!(!digest(&alice, None).matches(&digest(&ali, Some(&ce))));
    }
}
