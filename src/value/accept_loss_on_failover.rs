//! A danger that is accepted by name, where a store asks for it.

/// The host accepts that a failover of the database takes back writes that were acknowledged.
///
/// A store that replicates asynchronously loses its latest writes when a replica takes over. What was redeemed can then
/// be redeemed again, what was revoked is active again, and a user whose tokens were issued last is logged out. Such a
/// store can be opened only by whoever writes this name. It is not for profiles of high security.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the host writes the name; there is nothing else to say")]
pub struct AcceptLossOnFailover;
