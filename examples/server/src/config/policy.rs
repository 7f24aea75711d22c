//! The section `policy`: a profile, and where this server differs from it.

use std::num::NonZeroU32;

use grantsmith::policy::{
    CodeReplay, CredentialPrefix, ErrorRedirect, Policy, PolicyViolation, RefreshRotation, RememberedConsent,
};
use grantsmith::value::Lifetime;
use serde::Deserialize;

use super::{Config, ConfigError, Key, Span};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySection {
    pub profile: Profile,
    pub code_lifetime: Option<Span>,
    pub access_token_lifetime: Option<Span>,
    pub public_refresh_idle_lifetime: Option<Span>,
    pub confidential_refresh_idle_lifetime: Option<Span>,
    pub public_refresh_lifetime: Option<Span>,
    pub confidential_refresh_lifetime: Option<Span>,
    pub rotates_confidential_refresh_tokens: bool,
    pub refresh_retry_window: Option<Span>,
    pub most_live_access_tokens: Option<usize>,
    pub interaction_lifetime: Option<Span>,
    pub error_redirect: ErrorRedirectChoice,
    pub code_replay: CodeReplayChoice,
    pub remembered_consent: RememberedConsentChoice,
    pub requires_redirect_uri_at_token_endpoint: bool,
    pub credential_prefix: String,
    pub most_concurrent_secret_checks: Option<NonZeroU32>,
    pub danger: DangerSection,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate choice with a name of its own")]
pub struct DangerSection {
    pub allows_insecure_loopback_issuer: bool,
    pub allows_long_lived_codes: bool,
    pub allows_long_lived_access_tokens: bool,
    pub silences_foreign_revocation: bool,
}

/// The rules that the others are exceptions from.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    #[default]
    Oauth21,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum ErrorRedirectChoice {
    #[default]
    AfterAuthentication,
    Immediate,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum CodeReplayChoice {
    #[default]
    EndsGrant,
    IsRefused,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum RememberedConsentChoice {
    Never,
    #[default]
    AuthenticatedClients,
    ClaimedHttpsToo,
}

impl Config {
    /// The policy that the file describes.
    ///
    /// # Errors
    ///
    /// A value is out of bounds.
    pub fn policy(&self) -> Result<Policy, ConfigError> {
        let section = &self.file.policy;
        let key = Key::of("policy");
        let mut policy = match section.profile {
            Profile::Oauth21 => Policy::default(),
        };
        let spans: [(&mut Lifetime, Option<Span>); 8] = [
            (&mut policy.code_lifetime, section.code_lifetime),
            (&mut policy.access_token_lifetime, section.access_token_lifetime),
            (&mut policy.public_refresh_idle_lifetime, section.public_refresh_idle_lifetime),
            (&mut policy.confidential_refresh_idle_lifetime, section.confidential_refresh_idle_lifetime),
            (&mut policy.public_refresh_lifetime, section.public_refresh_lifetime),
            (&mut policy.confidential_refresh_lifetime, section.confidential_refresh_lifetime),
            (&mut policy.refresh_retry_window, section.refresh_retry_window),
            (&mut policy.interaction_lifetime, section.interaction_lifetime),
        ];
        for (lifetime, chosen) in spans {
            *lifetime = chosen.map_or(*lifetime, Span::lifetime);
        }
        if section.rotates_confidential_refresh_tokens {
            policy.confidential_refresh_rotation = RefreshRotation::Always;
        }
        policy.most_live_access_tokens = section.most_live_access_tokens.unwrap_or(policy.most_live_access_tokens);
        policy.error_redirect = match section.error_redirect {
            ErrorRedirectChoice::AfterAuthentication => ErrorRedirect::AfterAuthentication,
            ErrorRedirectChoice::Immediate => ErrorRedirect::Immediate,
        };
        policy.code_replay = match section.code_replay {
            CodeReplayChoice::EndsGrant => CodeReplay::EndsGrant,
            CodeReplayChoice::IsRefused => CodeReplay::IsRefused,
        };
        policy.remembered_consent = match section.remembered_consent {
            RememberedConsentChoice::Never => RememberedConsent::Never,
            RememberedConsentChoice::AuthenticatedClients => RememberedConsent::AuthenticatedClients,
            RememberedConsentChoice::ClaimedHttpsToo => RememberedConsent::ClaimedHttpsToo,
        };
        policy.requires_redirect_uri_at_token_endpoint = section.requires_redirect_uri_at_token_endpoint;
        policy.credential_prefix = CredentialPrefix::new(&section.credential_prefix).map_err(|_| {
            self.error_at(&key.then("credential_prefix"), "must be at most 16 of letters, digits, _ and -")
        })?;
        policy.most_concurrent_secret_checks =
            section.most_concurrent_secret_checks.unwrap_or(policy.most_concurrent_secret_checks);
        policy.danger.allows_insecure_loopback_issuer = section.danger.allows_insecure_loopback_issuer;
        policy.danger.allows_long_lived_codes = section.danger.allows_long_lived_codes;
        policy.danger.allows_long_lived_access_tokens = section.danger.allows_long_lived_access_tokens;
        policy.danger.silences_foreign_revocation = section.danger.silences_foreign_revocation;
        policy.check().map_err(|violation| self.violation(&key, &violation))?;
        Ok(policy)
    }

    /// A violation, at the key that is named like the field.
    fn violation(&self, policy: &Key, violation: &PolicyViolation) -> ConfigError {
        match violation {
            PolicyViolation::Lifetime { field, least, most, .. } => {
                self.error_at(&policy.then(field), format!("must be between {least} and {most}"))
            }
            PolicyViolation::LiveAccessTokens(_) => {
                self.error_at(&policy.then("most_live_access_tokens"), "must be between 1 and 1024")
            }
            other => self.error_at(policy, other),
        }
    }
}
