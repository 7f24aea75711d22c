//! Words: validated values that cannot be wrong.
//!
//! Each file holds one value: its grammar, its parser, its error. A value that exists has passed its grammar, so no
//! later step checks it again.

mod accept_loss_on_failover;
mod authentication_method;
mod client_id;
mod client_secret;
mod confirmation;
mod digest;
mod grant_type;
mod identifier;
mod issuer;
mod jws_algorithm;
mod metadata_url;
mod pkce;
mod protection_realm;
mod realm;
mod redirect_uri;
mod resource;
mod response;
mod scope;
mod secret;
mod state;
mod subject;
mod text;
mod timestamp;

#[doc(hidden)]
pub use accept_loss_on_failover::AcceptLossOnFailover;
pub use authentication_method::AuthenticationMethod;
pub use client_id::{ClientId, InvalidClientId};
pub use client_secret::{ClientSecret, InvalidClientSecret};
pub use confirmation::Confirmation;
pub use digest::Digest;
pub use grant_type::{GrantType, InvalidGrantType};
pub use identifier::{GrantId, InstanceId, InvalidIdentifier, Salt};
pub use issuer::{InvalidIssuer, Issuer};
pub use jws_algorithm::{JwsAlgorithm, UnknownJwsAlgorithm};
pub use metadata_url::{InvalidMetadataUrl, MetadataUrl};
pub use pkce::{CodeChallenge, CodeVerifier, InvalidCodeChallenge, InvalidCodeVerifier};
pub use protection_realm::{InvalidProtectionRealm, ProtectionRealm};
pub use realm::{InvalidRealm, Realm, RealmFingerprint};
pub use redirect_uri::{InvalidRedirectUri, LocalhostRule, RedirectUri};
pub use resource::{InvalidResource, Resource, ResourceSet};
pub use response::{ResponseMode, ResponseType};
pub use scope::{InvalidScope, Scope, ScopeSet};
pub use secret::{Secret, SymmetricKey};
pub(crate) use secret::{Wiped, equal};
pub use state::{InvalidState, State};
pub use subject::{InvalidSubject, SessionId, Subject};
pub use timestamp::{Lifetime, Timestamp};
