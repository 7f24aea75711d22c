//! A small world for the unit tests of the pure rings: one client, one user, fixed bytes, a fixed time.

use std::borrow::Cow;
use std::sync::Arc;

use crate::policy::Policy;
use crate::record::{
    AccessToken, Active, Approval, Authentication, Client, Code, Credential, CredentialKind, DerivationKey, Grant,
    Identity, Locator, MaskingKey, PresentedCredential, PresentedRefresh, RefreshChain, UserApproval,
};
use crate::value::{
    AuthenticationMethod, CodeVerifier, Confirmation, Digest, GrantId, GrantType, InstanceId, Lifetime, Realm,
    Resource, ResourceSet, Secret, SymmetricKey, Timestamp,
};
use crate::wire::{CodeRequest, Parameters, RequestedTerms};

/// The grant of this world.
pub(crate) const GRANT: GrantId = GrantId::from_bytes([0x67; 12]);
/// The family of its refresh chain.
pub(crate) const FAMILY: [u8; 16] = [0xfa; 16];
/// Where its code was sent.
pub(crate) const CALLBACK: &str = "https://app.example/cb";
/// The verifier of its code.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// How long its code, its access tokens and its refresh tokens live.
pub(crate) const CODE_LIFETIME: Lifetime = Lifetime::minutes(1);
pub(crate) const TOKEN_LIFETIME: Lifetime = Lifetime::minutes(10);
pub(crate) const IDLE_LIFETIME: Lifetime = Lifetime::days(30);
pub(crate) const CHAIN_LIFETIME: Lifetime = Lifetime::days(180);

/// So many seconds after the grant was approved.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + seconds)
}

pub(crate) struct World {
    pub(crate) realm: Realm,
    pub(crate) client: Client,
    pub(crate) policy: Policy,
    pub(crate) masking: MaskingKey,
    pub(crate) derivation: DerivationKey,
}

impl World {
    /// A public client, which rotates its refresh tokens.
    pub(crate) fn new() -> Self {
        Self::with_client(AuthenticationMethod::None)
    }

    /// A client with a secret, which does not.
    pub(crate) fn confidential() -> Self {
        Self::with_client(AuthenticationMethod::ClientSecretBasic)
    }

    fn with_client(method: AuthenticationMethod) -> Self {
        let realm: Realm = "https://as.example".parse().unwrap();
        let mut client = Client::new(&realm, "client".parse().unwrap(), InstanceId::from_bytes([1; 16]), method, at(0));
        client.grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken].into();
        client.redirect_uris = vec![CALLBACK.parse().unwrap()];
        client.scope = "admin read write".parse().unwrap();
        client.resources = api();
        Self {
            realm,
            client,
            policy: Policy::default(),
            masking: MaskingKey::new(7, [0x3a; 16]),
            derivation: DerivationKey::new(7, SymmetricKey::new([0xd0; 32])),
        }
    }

    /// Another client of the same kind.
    pub(crate) fn another_client(&self) -> Client {
        Client { id: "another".parse().unwrap(), instance: InstanceId::from_bytes([2; 16]), ..self.client.clone() }
    }

    /// A client of the same name that was registered anew.
    pub(crate) fn replaced_client(&self) -> Client {
        Client { instance: InstanceId::from_bytes([3; 16]), ..self.client.clone() }
    }

    /// The resource server of the grant's resource.
    pub(crate) fn resource_server(&self) -> Client {
        Client { identifies: api(), ..self.another_client() }
    }

    pub(crate) fn approval(&self) -> Approval {
        let user = UserApproval {
            subject: "user".parse().unwrap(),
            authentication: Authentication::at(at(-60)),
            requested_scope: "read write".parse().unwrap(),
            nonce: None,
        };
        let scope = "read write".parse().unwrap();
        Approval { scope, resources: self.client.resources.clone(), user: Some(Box::new(user)) }
    }

    pub(crate) fn identity(&self) -> Identity<'_> {
        let (client, client_instance) = (&self.client.id, self.client.instance);
        Identity { id: GRANT, realm: &self.realm, client, client_instance, held_until: at(0) }
    }

    pub(crate) fn stored_code(&self) -> Code {
        Code {
            digest: self.digest(CredentialKind::Code, 0),
            challenge: CodeVerifier::new(Cow::Borrowed(VERIFIER)).unwrap().challenge(),
            redirect_uri: CALLBACK.parse().unwrap(),
            confirmation: None,
            expires_at: at(0).after(CODE_LIFETIME),
        }
    }

    pub(crate) fn stored_access_token(&self, serial: u32, issued_at: Timestamp) -> AccessToken {
        AccessToken {
            serial,
            digest: self.digest(CredentialKind::AccessToken, serial),
            issued_at,
            expires_at: issued_at.after(TOKEN_LIFETIME),
            narrowed: None,
            confirmation: None,
        }
    }

    pub(crate) fn chain(&self) -> RefreshChain {
        self.bound_chain(None)
    }

    pub(crate) fn bound_chain(&self, confirmation: Option<Confirmation>) -> RefreshChain {
        let digest = self.digest(CredentialKind::RefreshToken, 0);
        RefreshChain::started_at(at(0), digest, self.family(), confirmation, IDLE_LIFETIME, CHAIN_LIFETIME)
    }

    pub(crate) fn family(&self) -> Digest {
        CredentialKind::family_digest(self.realm.fingerprint(), &FAMILY)
    }

    /// The grant, approved at second 0 and not redeemed.
    pub(crate) fn approved(&self) -> Grant {
        Grant::approved_at(at(0), self.identity(), self.approval(), self.stored_code())
    }

    /// The grant, approved and redeemed at second 0.
    pub(crate) fn active(&self) -> Grant {
        self.approved().redeemed_at(at(0), self.stored_access_token(0, at(0)), Some(self.chain())).unwrap()
    }

    /// The grant with another refresh chain.
    pub(crate) fn active_with(&self, chain: RefreshChain) -> Grant {
        let active = Active { spent_code: None, refresh: Some(Arc::new(chain)), ..Active::default() };
        Grant::issued_at(at(0), self.identity(), self.approval(), active)
    }

    pub(crate) fn digest(&self, kind: CredentialKind, number: u32) -> Digest {
        kind.digest(self.realm.fingerprint(), &secret(kind, number))
    }

    pub(crate) fn code(&self) -> Credential {
        self.credential(CredentialKind::Code, 0)
    }

    pub(crate) fn access_token(&self, serial: u32) -> Credential {
        self.credential(CredentialKind::AccessToken, serial)
    }

    pub(crate) fn refresh_token(&self, generation: u32) -> Credential {
        self.credential(CredentialKind::RefreshToken, generation)
    }

    pub(crate) fn credential(&self, kind: CredentialKind, number: u32) -> Credential {
        let locator = match kind {
            CredentialKind::RefreshToken => Locator::of_refresh_token(GRANT, number, FAMILY),
            CredentialKind::Code | CredentialKind::AccessToken => Locator::new(GRANT, number),
        };
        Credential::new("", kind, &self.masking, &locator, &secret(kind, number))
    }
}

/// What makes the grant's resources: one API.
pub(crate) fn api() -> ResourceSet {
    ResourceSet::from("https://api.example".parse::<Resource>().unwrap())
}

/// The secret of the credential of that kind and number.
pub(crate) fn secret(kind: CredentialKind, number: u32) -> Secret {
    let seed = Digest::of(&[format!("{kind:?} {number}").as_bytes()]);
    Secret::new(*seed.as_bytes())
}

pub(crate) fn presented(credential: &Credential) -> PresentedCredential {
    PresentedCredential::parse("", credential.expose()).unwrap()
}

/// A refresh token of this chain as the judgement is told of it.
pub(crate) fn presented_refresh(generation: u32, secret: &Secret) -> PresentedRefresh<'_> {
    PresentedRefresh { generation, family: &FAMILY, secret }
}

pub(crate) fn code_request(body: &str) -> CodeRequest<'_> {
    let parameters = Parameters::parse(body.as_bytes()).unwrap();
    CodeRequest::read("", &parameters).unwrap()
}

pub(crate) fn terms(body: &str) -> RequestedTerms {
    RequestedTerms::read(&Parameters::parse(body.as_bytes()).unwrap()).unwrap()
}

pub(crate) fn key(byte: u8) -> Confirmation {
    Confirmation::ProofKey(Digest::from([byte; 32]))
}
