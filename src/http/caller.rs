//! Who calls, as the host knows it.

/// Who sent the request: an address, a tenant. The rate limiter counts by it.
///
/// Nothing in a request says this reliably. A host that knows it puts a `Caller` into the request's extensions, in a
/// middleware before the service; headers like `X-Forwarded-For` are the host's to judge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caller(String);

impl Caller {
    /// A caller of that name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
