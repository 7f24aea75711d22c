//! Scope tokens and sets of them.
//!
//! [RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::text::textual;

/// A single scope token: `1*( %x21 / %x23-5B / %x5D-7E )`, at most 256 bytes.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope(Arc<str>);

textual!(Scope, InvalidScope);

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        ensure_token(text)?;
        Ok(Self(text.into()))
    }
}

/// A set of scope tokens, possibly empty, kept as its text on the wire: sorted, without duplicates, one space between.
///
/// Cloning shares the text, so a grant, its tokens and the client's default are one allocation.
#[derive(Clone, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet(Arc<str>);

impl ScopeSet {
    /// The set without members.
    #[must_use]
    pub fn empty() -> Self {
        static EMPTY: LazyLock<ScopeSet> = LazyLock::new(|| ScopeSet("".into()));
        EMPTY.clone()
    }

    /// The `scope` parameter's text: sorted tokens with one space between.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the set has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// Whether `token` is a member. Scope tokens are case-sensitive.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        !token.is_empty() && self.0.as_bytes().split(|byte| *byte == b' ').any(|member| member == token.as_bytes())
    }

    /// The set, in the memory of `other` if both are equal.
    #[must_use]
    pub(crate) fn shared_with(self, other: &Self) -> Self {
        if !Arc::ptr_eq(&self.0, &other.0) && self.0 == other.0 { other.clone() } else { self }
    }

    /// Whether every member is a member of `other`.
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0 {
            return true;
        }
        // Both are sorted, so one walk over `other` finds them all.
        let mut others = other.iter();
        self.iter().all(|member| others.by_ref().any(|candidate| candidate == member))
    }

    /// The members that both sets have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if self.is_subset_of(other) {
            return self.clone();
        }
        Self::from_tokens(self.iter().filter(|token| other.contains(token)).collect())
    }

    /// The members that either set has.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if other.is_subset_of(self) {
            return self.clone();
        }
        Self::from_tokens(self.iter().chain(other.iter()).collect())
    }

    fn from_tokens(mut tokens: Vec<&str>) -> Self {
        tokens.sort_unstable();
        tokens.dedup();
        Self(tokens.join(" ").into())
    }

    /// Reads a set of any length: one that was put together may be longer than a parameter.
    fn from_text(text: &str) -> Result<Self, InvalidScope> {
        if text.is_empty() {
            return Ok(Self::empty());
        }
        let mut is_canonical = true;
        let mut previous = "";
        for token in text.split(' ') {
            ensure_token(token)?;
            is_canonical &= previous < token;
            previous = token;
        }
        Ok(if is_canonical { Self(text.into()) } else { Self::from_tokens(text.split(' ').collect()) })
    }
}

impl FromStr for ScopeSet {
    type Err = InvalidScope;

    /// Reads the text of a `scope` parameter. Repeated tokens collapse; a double, leading or trailing space is refused.
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        if text.len() > MAXIMUM_LENGTH {
            return Err(InvalidScope::TooLong);
        }
        Self::from_text(text)
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let scopes: Vec<Scope> = scopes.into_iter().collect();
        Self::from_tokens(scopes.iter().map(Scope::as_str).collect())
    }
}

impl Default for ScopeSet {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeSet({})", self.0)
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = InvalidScope;

    /// Reads what was stored.
    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::from_text(&text)
    }
}

impl TryFrom<&str> for ScopeSet {
    type Error = InvalidScope;

    fn try_from(text: &str) -> Result<Self, InvalidScope> {
        text.parse()
    }
}

impl From<ScopeSet> for String {
    fn from(scope: ScopeSet) -> Self {
        scope.0.as_ref().to_owned()
    }
}

fn ensure_token(text: &str) -> Result<(), InvalidScope> {
    if text.is_empty() {
        return Err(InvalidScope::Empty);
    }
    if text.len() > MAXIMUM_TOKEN_LENGTH {
        return Err(InvalidScope::TooLong);
    }
    match text.bytes().find(|byte| !is_scope_byte(*byte)) {
        None => Ok(()),
        Some(byte) => Err(InvalidScope::ForbiddenByte(byte)),
    }
}

fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

/// Why a text is not a scope.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// A token is empty, or two spaces follow each other.
    #[error("a scope token is empty")]
    Empty,
    /// A byte outside the grammar.
    #[error("the scope contains the byte {0:#04x}")]
    ForbiddenByte(u8),
    /// A token of more than 256 bytes, or a parameter of more than 4096.
    #[error("the scope is too long")]
    TooLong,
}

const MAXIMUM_LENGTH: usize = 4096;
const MAXIMUM_TOKEN_LENGTH: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_has_exactly_the_bytes_of_the_grammar() {
        covers!("RFC6749-3.3-01");
        for byte in 0..=u8::MAX {
            let text = char::from(byte).to_string();
            let allowed = byte == 0x21 || (0x23..=0x5b).contains(&byte) || (0x5d..=0x7e).contains(&byte);
            assert_eq!(text.parse::<Scope>().is_ok(), allowed, "{byte:#04x}");
        }
    }

    #[test]
    fn what_is_not_tokens_with_one_space_between_is_refused() {
        covers!("RFC6749-3.3-01", "ATK-070");
        for (text, refusal) in [
            ("a\tb", InvalidScope::ForbiddenByte(b'\t')),
            ("a\"b", InvalidScope::ForbiddenByte(b'"')),
            ("a\\b", InvalidScope::ForbiddenByte(b'\\')),
            ("a\nb", InvalidScope::ForbiddenByte(b'\n')),
            ("a\u{7f}", InvalidScope::ForbiddenByte(0x7f)),
            ("\u{e9}", InvalidScope::ForbiddenByte(0xc3)),
            ("a  b", InvalidScope::Empty),
            (" a", InvalidScope::Empty),
            ("a ", InvalidScope::Empty),
            (" ", InvalidScope::Empty),
        ] {
            assert_eq!(text.parse::<ScopeSet>().unwrap_err(), refusal, "{text:?}");
        }
    }

    #[test]
    fn tokens_are_case_sensitive() {
        covers!("RFC6749-3.3-01");
        assert!(!set("read").contains("Read"));
        assert!(!set("Read").is_subset_of(&set("read")));
        assert_eq!(set("read Read READ").as_str(), "READ Read read");
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        covers!("ATK-070");
        assert_eq!(set("write read write"), set("read write"));
        assert_eq!(set("write read write").as_str(), "read write");
        assert_eq!(set("write read").iter().collect::<Vec<_>>(), ["read", "write"]);
    }

    #[test]
    fn more_than_the_cap_is_refused() {
        covers!("ATK-070");
        assert!("x".repeat(256).parse::<Scope>().is_ok());
        assert_eq!("x".repeat(257).parse::<Scope>(), Err(InvalidScope::TooLong));
        assert_eq!("x".repeat(257).parse::<ScopeSet>(), Err(InvalidScope::TooLong));
        let longest = "a ".repeat(2047) + "ab";
        assert_eq!(longest.len(), 4096);
        assert_eq!(longest.parse::<ScopeSet>().unwrap().as_str(), "a ab");
        assert_eq!((longest + "c").parse::<ScopeSet>(), Err(InvalidScope::TooLong));
        assert_eq!("a ".repeat(10_000).trim_end().parse::<ScopeSet>(), Err(InvalidScope::TooLong));
    }

    #[test]
    fn the_empty_set_is_a_subset_of_every_set() {
        assert!(ScopeSet::empty().is_empty());
        assert_eq!(set(""), ScopeSet::empty());
        assert!(ScopeSet::empty().is_subset_of(&set("a")));
        assert!(!set("a").is_subset_of(&ScopeSet::empty()));
        assert_eq!(ScopeSet::empty().iter().count(), 0);
        assert!(!ScopeSet::empty().contains(""));
    }

    #[test]
    fn a_subset_is_found_whatever_stands_between() {
        assert!(set("a c").is_subset_of(&set("a b c")));
        assert!(!set("a d").is_subset_of(&set("a b c")));
        assert!(!set("a b c").is_subset_of(&set("a c")));
        assert!(!set("ab").is_subset_of(&set("a b")));
        assert_eq!(set("a b").intersection(&set("b c")), set("b"));
        assert_eq!(set("a b").union(&set("b c")), set("a b c"));
        assert_eq!(set("a").union(&set("a b")), set("a b"));
        assert_eq!(set("a b").union(&set("b")), set("a b"));
    }

    #[test]
    fn a_set_that_was_put_together_can_be_stored_and_read_back() {
        let many = (0..40).map(|number| format!("{number:0>200}").parse().unwrap());

        let collected: ScopeSet = many.collect();

        let stored = serde_json::to_string(&collected).unwrap();
        assert_eq!(serde_json::from_str::<ScopeSet>(&stored).unwrap(), collected);
    }

    #[test]
    fn what_is_stored_must_be_of_the_grammar() {
        for stored in [r#""a  b""#, r#"" a""#, r#""a\tb""#, "1", "null"] {
            assert!(serde_json::from_str::<ScopeSet>(stored).is_err(), "{stored}");
        }
    }
}
