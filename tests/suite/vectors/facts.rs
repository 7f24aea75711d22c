//! The facts that several tables share: one client, one grant, fixed bytes, a fixed time.

use std::fmt::{Debug, Display};

use grantsmith::record::{
    AccessToken, Approval, Authentication, Client, Code, Credential, CredentialKind, DerivationKey, EndReason, Grant,
    Identity, Locator, MaskingKey, Narrowed, PresentedCredential, RefreshChain, UserApproval,
};
use grantsmith::value::{
    AuthenticationMethod, CodeVerifier, Confirmation, Digest, GrantId, GrantType, InstanceId, Lifetime, Realm,
    Resource, ResourceSet, Secret, SymmetricKey, Timestamp,
};
use grantsmith::wire::ErrorCode;
use serde::Deserialize;

pub(super) const GRANT: GrantId = GrantId::from_bytes([1; 12]);
pub(super) const FAMILY: [u8; 16] = [2; 16];
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(super) const CALLBACK: &str = "http://127.0.0.1:51004/cb";

/// Who presents a credential.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Who {
    /// The client that holds the grant.
    #[default]
    Owner,
    /// Another client of the same kind.
    Another,
    /// A client of the owner's name that was registered anew.
    Replaced,
}

/// Where the grant is in its life.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Approved,
    #[default]
    Active,
    Ended,
}

/// A sender key.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Key {
    #[default]
    None,
    One,
    Two,
    /// The first key's thumbprint, of a certificate.
    Certificate,
}

impl Key {
    pub(super) fn confirmation(self) -> Option<Confirmation> {
        match self {
            Self::None => None,
            Self::One => Some(Confirmation::ProofKey([1; 32].into())),
            Self::Two => Some(Confirmation::ProofKey([2; 32].into())),
            Self::Certificate => Some(Confirmation::Certificate([1; 32].into())),
        }
    }
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + seconds)
}

pub(super) fn realm() -> Realm {
    "https://as.example".parse().unwrap()
}

pub(super) fn masking() -> MaskingKey {
    MaskingKey::new(1, [3; 16])
}

pub(super) fn derivation() -> DerivationKey {
    DerivationKey::new(1, SymmetricKey::new([4; 32]))
}

pub(super) fn resources(names: &[String]) -> ResourceSet {
    ResourceSet::new(names.iter().map(|name| name.parse::<Resource>().unwrap()).collect()).unwrap()
}

pub(super) fn api() -> ResourceSet {
    resources(&["https://api.example".to_owned()])
}

pub(super) fn client(who: Who, is_confidential: bool) -> Client {
    let (name, instance) = match who {
        Who::Owner => ("client", 1),
        Who::Another => ("another", 2),
        Who::Replaced => ("client", 3),
    };
    let method = if is_confidential { AuthenticationMethod::ClientSecretBasic } else { AuthenticationMethod::None };
    let mut client =
        Client::new(&realm(), name.parse().unwrap(), InstanceId::from_bytes([instance; 16]), method, at(0));
    client.grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken].into();
    client.scope = "admin read write".parse().unwrap();
    client.resources = resources(&["https://api.example".to_owned(), "https://other.example".to_owned()]);
    client
}

pub(super) fn secret(kind: CredentialKind, number: u32) -> Secret {
    Secret::new(*Digest::of(&[format!("{kind:?} {number}").as_bytes()]).as_bytes())
}

fn digest(kind: CredentialKind, number: u32) -> Digest {
    kind.digest(realm().fingerprint(), &secret(kind, number))
}

pub(super) fn credential(kind: CredentialKind, number: u32) -> Credential {
    let family = if kind == CredentialKind::RefreshToken { FAMILY } else { [0; 16] };
    let locator = Locator::of_refresh_token(GRANT, number, family);
    Credential::new("", kind, &masking(), &locator, &secret(kind, number))
}

pub(super) fn presented(kind: CredentialKind, number: u32) -> (PresentedCredential, Locator) {
    let presented = PresentedCredential::parse("", credential(kind, number).expose()).unwrap();
    let locator = presented.locator(&masking());
    (presented, locator)
}

/// The chain of the grant, after so many rotations at second 1.
pub(super) fn chain(rotations: u32, bound: Key) -> RefreshChain {
    let family = Digest::of(&[&[0x80], realm().fingerprint(), &FAMILY]);
    let first = digest(CredentialKind::RefreshToken, 0);
    let (idle, lifetime) = (Lifetime::days(30), Lifetime::days(180));
    let chain = RefreshChain::started_at(at(0), first, family, bound.confirmation(), idle, lifetime);
    (1..=rotations).fold(chain, |chain, generation| {
        chain.rotated_at(at(1), digest(CredentialKind::RefreshToken, generation), None, Lifetime::ZERO, idle)
    })
}

/// The grant in a phase, with this chain, its access token narrowed to this audience.
pub(super) fn grant(phase: Phase, chain: RefreshChain, bound: Key, audience: Option<ResourceSet>) -> Grant {
    let (realm, client) = (realm(), client(Who::Owner, false));
    let identity = Identity {
        id: GRANT,
        realm: &realm,
        client: &client.id,
        client_instance: client.instance,
        held_until: at(600),
    };
    let user = UserApproval {
        subject: "user".parse().unwrap(),
        authentication: Authentication::at(at(0)),
        requested_scope: "read write".parse().unwrap(),
        nonce: None,
    };
    let approval = Approval { scope: "read write".parse().unwrap(), resources: api(), user: Some(Box::new(user)) };
    let code = Code {
        digest: digest(CredentialKind::Code, 0),
        challenge: CodeVerifier::new(VERIFIER.into()).unwrap().challenge(),
        redirect_uri: CALLBACK.parse().unwrap(),
        confirmation: bound.confirmation().map(Into::into),
        expires_at: at(60),
    };
    let approved = Grant::approved_at(at(0), identity, approval, code);
    let narrowed = audience.map(|audience| Narrowed { scope: "read".parse().unwrap(), audience });
    let token = AccessToken {
        serial: 0,
        digest: digest(CredentialKind::AccessToken, 0),
        issued_at: at(0),
        expires_at: at(600),
        narrowed: narrowed.map(Into::into),
        confirmation: None,
    };
    match phase {
        Phase::Approved => approved,
        Phase::Active => approved.redeemed_at(at(0), token, Some(chain)).unwrap(),
        Phase::Ended => approved.ended_at(at(1), EndReason::EndedByHost),
    }
}

/// A refusal as the tables write it: its name, and the code that the client sees.
pub(super) fn refused(refusal: &impl Debug, code: ErrorCode) -> String {
    format!("refuse {refusal:?} ({code})")
}

/// An end as the tables write it.
pub(super) fn ended(reason: &impl Debug, refusal: &impl Debug, code: impl Display) -> String {
    format!("end {reason:?}, {refusal:?} ({code})")
}
