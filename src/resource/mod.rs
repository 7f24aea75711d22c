//! The resource server's half: whether a presented token opens this door, and what to say if it does not.
//!
//! A token is taken from the `Authorization` header and from nowhere else. It must be live, meant for this resource,
//! and carry every scope that is needed here; otherwise a [`Refusal`] says which answer and which challenge is due.
//!
//! [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750),
//! [RFC 9700 §2.3](https://www.rfc-editor.org/rfc/rfc9700#section-2.3),
//! [OAuth 2.1 §5](https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-5)

mod challenge;
mod presented_token;
mod refusal;
mod requirement;
mod verified_token;

#[cfg(test)]
mod tests;

pub use challenge::{BearerError, Challenge};
pub use presented_token::PresentedToken;
pub use refusal::Refusal;
pub use requirement::Requirement;
pub use verified_token::{VerifiedToken, introspected, verify};
