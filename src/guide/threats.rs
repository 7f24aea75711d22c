//! Known attacks, and the file that stops each.
//!
//! # At the authorization endpoint
//!
//! | Attack | Stopped by |
//! |---|---|
//! | unregistered, look-alike, traversing, re-cased, decorated or confusing redirect URIs | [`value::RedirectUri`](crate::value::RedirectUri): one grammar at registration, bytes compared, nothing decoded (`src/value/redirect_uri.rs`) |
//! | the loopback exception stretched to other hosts, spellings or ports | the same file: two literals, a port of digits without leading zero, native clients only |
//! | script-capable, `http` or undotted schemes; fragments; planted response parameters | the same file: an allow-list, and reserved names in the query |
//! | an open redirect through an error | `src/authorize/`: an error before the redirect URI is proven has a type that cannot be redirected |
//! | repeated parameters, split between query and body, oddly encoded or huge | [`wire::Parameters`](crate::wire::Parameters): one strict parser with caps (`src/wire/parameters.rs`) |
//! | tokens in the front channel, odd response types, missing PKCE, `plain` | `src/authorize/`: `code` and `S256` only |
//! | mix-up between servers | `iss` in every response (`src/wire/authorization_response.rs`) |
//! | header injection, script injection into the form post page | percent-encoding, escaping and a content security policy (the same file) |
//! | forged, replayed or swapped decisions; a flow started in one browser and approved in another | the handle: authenticated, bound to the browser's own cookie, shown to one session (`src/authorize/handle.rs`) |
//! | a double click | the code is derived from the grant id, and the approval is saved once (`src/server/authorize.rs`) |
//! | silent approval of a client that anybody can impersonate | remembered consent answers for authenticated clients only (`src/policy/mod.rs`) |
//! | logout, withdrawal or a password change while an approval is under way | epochs and sessions are read again after the save (`src/server/authorize.rs`) |
//!
//! # At the token endpoint
//!
//! | Attack | Stopped by |
//! |---|---|
//! | a code used twice, by another client, with another or no verifier, after it expired | [`grant_type::authorization_code`](crate::grant_type::authorization_code): one judgement in a fixed order |
//! | two redemptions at once | the conditional write: one of them conflicts and judges again (`src/server/token/code.rs`) |
//! | a spent refresh token | [`record::RefreshChain`](crate::record::RefreshChain): generation and family, in constant space (`src/record/refresh_chain.rs`) |
//! | a stranger ending somebody's grant with an old or forged token | only a holder of the family, authenticated as the client, is heard (the same file, and `src/grant_type/refresh_token.rs`) |
//! | a lost acknowledgement taken for theft | [`Version`](crate::record::Version): one's own version proves one's own write (`src/server/commit.rs`) |
//! | scope or resources grown at refresh; terms that the operator has taken back | `src/grant_type/terms.rs` |
//! | one kind of credential passed off as another, truncated, extended, re-encoded | [`record::PresentedCredential`](crate::record::PresentedCredential): exact text, kind inside the digest (`src/record/credential.rs`) |
//! | guessing | 256 random bits (`src/server/mint.rs`), and the [`RateLimiter`](crate::host::RateLimiter) seam before anything expensive |
//! | tokens of disabled users | the [`AccountDirectory`](crate::host::AccountDirectory), asked at approval, redemption and refresh |
//! | tokens written after their grant ended | nothing is issued without a save that expects the version that was judged |
//!
//! # Client authentication
//!
//! | Attack | Stopped by |
//! |---|---|
//! | finding out which clients exist; measuring a comparison | one refusal, the same work, constant-time comparison in one place (`src/authentication/mod.rs`, `src/value/secret.rs`) |
//! | no secret, an empty one, an expired one, two mechanisms, a header for one client and a body for another | `src/wire/client_authentication.rs`, `src/authentication/mod.rs` |
//! | credentials in the URL | the `http` service reads bodies only (`src/http/`) |
//!
//! # Introspection, revocation, resources
//!
//! | Attack | Stopped by |
//! |---|---|
//! | scanning tokens; one API learning about another's tokens | audience of the caller's own, one answer for everything else (`src/introspection/mod.rs`) |
//! | revoking somebody else's token; a revocation that did nothing | `src/revocation/mod.rs`; a storage failure is an error, never a success |
//! | a token used at another API, or beyond its scope | `src/resource/` |
//!
//! # Storage and operation
//!
//! | Attack | Stopped by |
//! |---|---|
//! | reading credentials from the database | digests only; nothing to recover without the keyring (`src/record/`) |
//! | reading signing keys from the database, or moving one to another name or realm | sealed by the keyring, bound to realm and name (`src/server/signing_keys.rs`) |
//! | a token signed with a key that nobody can know yet, or that is gone | the times in the record, published long before (`src/record/signing_keys.rs`) |
//! | keys of one kind or realm meeting those of another; injection through names | [`record::Key`](crate::record::Key): realm, kind and 32 bytes, names hashed |
//! | records that come back after they were consumed | an update never creates; [`storage`](crate::storage) stores prove it with the contract |
//! | secrets in logs | redaction by type; errors carry no value of the request |
//! | clocks that jump | a grant's time never runs backwards; arithmetic saturates (`src/value/timestamp.rs`, `src/record/grant.rs`) |
//! | randomness that fails, or repeats after a fork | an error, and a new seed (`src/host/entropy.rs`) |
//! | configuration that fails open | [`Builder::build`](crate::server::Builder::build) names what is wrong; an empty list allows nothing |
