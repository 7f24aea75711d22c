//! Defaults and their reasons.
//!
//! Everything is strict until you say otherwise, and what you may say has a name: a field of
//! [`Policy`](crate::policy::Policy), a field of a client's registration, or, where a protection becomes weaker, a
//! field of [`Danger`](crate::policy::danger::Danger).
//!
//! | Question | Default | Reason | To change it |
//! |---|---|---|---|
//! | Who must use PKCE? | every client, `S256` only | a stolen code is worth nothing without its verifier ([RFC 9700 §2.1.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1)) | cannot be changed |
//! | How long does a code live? | 60 s | the client redeems it within seconds | `code_lifetime`, at most ten minutes |
//! | What does a wrong verifier do? | the code is burnt, if its own client presented it | either the code or the verifier is in foreign hands | cannot be changed |
//! | What does a replayed code do? | it ends the grant, if the replay is otherwise valid | two parties hold code and verifier ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)) | `code_replay` |
//! | Must `redirect_uri` be repeated at the token endpoint? | no, but it must match when it is | PKCE binds the code ([OAuth 2.1 §10.2](https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-10.2)) | `requires_redirect_uri_at_token_endpoint` |
//! | How are redirect URIs compared? | byte for byte; any port on `127.0.0.1` and `[::1]` for native clients | every cleverer comparison has been an open redirect ([RFC 9700 §2.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1)) | `allows_localhost` for one client |
//! | When are errors sent to the client? | after the user has a session; `prompt=none` at once | otherwise the server bounces strangers ([RFC 9700 §4.11.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.11.2)) | `error_redirect` |
//! | How does a client authenticate? | by its one registered method | a client with several methods has the strength of the weakest | the registration |
//! | How are secrets kept? | minted with 256 bits, kept as SHA-256 digests | nothing to guess, nothing to steal | `imported_secret` with a [`SecretVerifier`](crate::host::SecretVerifier) |
//! | How long does an access token live? | ten minutes | what a resource server cached passes soon | `access_token_lifetime`, at most one hour |
//! | Do refresh tokens rotate? | for public clients at every use; for confidential ones never | a public client's token is bound to nothing; a confidential one's to its authentication ([RFC 9700 §4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)) | `confidential_refresh_rotation`, or per client |
//! | May a spent refresh token be repeated? | no | strict rotation: a client that repeats a request whose answer was lost ends its grant | `refresh_retry_window`, at most one minute, ten seconds recommended |
//! | How long does a refresh token live? | 30 days unused and 180 days in all for public clients, 90 days unused for confidential ones | a forgotten device loses its access | the four lifetimes, or per client |
//! | How many resources has an access token? | one | a resource server could use it at another ([RFC 9700 §2.3](https://www.rfc-editor.org/rfc/rfc9700#section-2.3)) | `allows_multiple_audiences` for one client |
//! | Who may introspect? | resource servers, for tokens that name them | a token says nothing to others ([RFC 7662 §4](https://www.rfc-editor.org/rfc/rfc7662#section-4)) | `may_introspect_own_tokens` for one client |
//! | How long does a resource server use a remote answer again? | one minute, never beyond the token's expiry; negative answers not at all | revocation is seen soon, and strangers cannot fill the memory ([RFC 7662 §4](https://www.rfc-editor.org/rfc/rfc7662#section-4)) | [`IntrospectionPolicy`](crate::policy::IntrospectionPolicy), at most one hour |
//! | Is an active token without `token_type` an access token? | no | servers show refresh tokens that way | `accepts_untyped_tokens` of the same |
//! | What answers the revocation of a foreign token? | `invalid_grant` for a confidential client, 200 for a public one; the token stays | a client that holds another's token should notice | `silences_foreign_revocation` |
//! | For whom does a remembered consent answer? | verified clients that authenticate | anybody can claim to be a public client ([RFC 8252 §8.6](https://www.rfc-editor.org/rfc/rfc8252#section-8.6)) | `remembered_consent` |
//! | How long does a signing key sign? | 90 days; published a day before and a day after | a key that leaked unseen passes, and no token is ever unverifiable | `key_rotation` |
//! | May the issuer be `http`? | no | every credential would travel in the clear | `allows_insecure_loopback_issuer`, for loopback addresses |
//! | How long may a client record be answered from memory? | 5 s | a disabled client is served that much longer | `client_cache_lifetime` |
//! | How many imported client secrets are checked at once? | 4 | guesses would take the whole machine; one more is answered 503 | `most_concurrent_secret_checks` |
//! | Implicit grant, password grant, `plain`, `none` | do not exist | [RFC 9700 §2.1.2](https://www.rfc-editor.org/rfc/rfc9700#section-2.1.2), [§2.4](https://www.rfc-editor.org/rfc/rfc9700#section-2.4) | cannot be changed |
