//! A server, and tokens for it, in one line each.

use std::sync::Arc;

use async_trait::async_trait;

use super::{FixedClock, SeededEntropy};
use crate::host::{CustomApproval, CustomGrant, CustomRefusal, CustomRequest, DerivedKeyring};
use crate::record::Authentication;
use crate::server::{AuthorizationServer, Registration};
use crate::storage::memory::MemoryStorage;
use crate::value::{GrantType, Resource, ResourceSet, ScopeSet, Subject};
use crate::wire::FormRequest;

/// A server over memory, whose clock stands still and whose random bytes repeat.
///
/// ```
/// use grantsmith::testing::TestServer;
///
/// # pollster::block_on(async {
/// let test = TestServer::new();
/// let token = test.token_for("alice", "read write", "https://api.example").await;
/// # assert!(!token.is_empty());
/// # });
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestServer {
    /// The server; its issuer is `https://as.example`.
    pub server: AuthorizationServer,
    /// Its clock.
    pub clock: FixedClock,
    /// Its storage.
    pub storage: Arc<MemoryStorage>,
}

impl TestServer {
    /// A server with every default.
    ///
    /// # Panics
    ///
    /// Never: what it is built from is fixed.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test wants a server, not an error; the parts are fixed and fit")]
    pub fn new() -> Self {
        let clock = FixedClock::at(1_800_000_000);
        let storage = Arc::new(MemoryStorage::new());
        let keyring = DerivedKeyring::new(1, [1; 32]).expect("the secret is not all zeros");
        let name = GRANT_TYPE.parse().expect("the grant type is a URI");
        let server = AuthorizationServer::builder("https://as.example", storage.clone(), Arc::new(keyring))
            .clock(Arc::new(clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(1)))
            .custom_grant(Arc::new(AnySubject(name)))
            .build()
            .expect("the defaults fit together");
        Self { server, clock, storage }
    }

    /// An access token that stands for a user, with that scope, for that resource. Its client is a new one.
    ///
    /// # Panics
    ///
    /// If one of the names is not valid: the test is wrong then.
    #[expect(clippy::expect_used, reason = "a test wants a token, not an error")]
    pub async fn token_for(&self, subject: &str, scope: &str, resource: &str) -> String {
        let scope: ScopeSet = scope.parse().expect("a scope");
        let resource: Resource = resource.parse().expect("a resource");
        let mut registration =
            Registration::public(Vec::new()).with_scope(scope).with_resources(ResourceSet::from(resource));
        registration.grant_types = vec![GRANT_TYPE.parse().expect("the grant type is a URI")];
        let client = self.server.register(registration).await.expect("a registration").client;
        let form = [("grant_type", GRANT_TYPE), ("client_id", client.id().as_str()), ("subject", subject)];
        let form = serde_urlencoded::to_string(form).expect("a form");
        let tokens = self.server.token(&FormRequest::new(form.as_bytes())).await.expect("a subject");
        tokens.access_token.expose().to_owned()
    }
}

impl Default for TestServer {
    fn default() -> Self {
        Self::new()
    }
}

/// Believes whoever asks. For tests only.
struct AnySubject(GrantType);

#[async_trait]
impl CustomGrant for AnySubject {
    fn grant_type(&self) -> &GrantType {
        &self.0
    }

    async fn judge(&self, request: &CustomRequest<'_>) -> Result<CustomApproval, CustomRefusal> {
        let subject = request.parameters.get("subject").map_err(|_| CustomRefusal::InvalidRequest)?;
        let subject: Subject = subject.and_then(|subject| subject.parse().ok()).ok_or(CustomRefusal::InvalidRequest)?;
        Ok(CustomApproval::for_user(subject, Authentication::at(request.now), request.scope.clone()))
    }
}

const GRANT_TYPE: &str = "urn:grantsmith:testing:any-subject";
