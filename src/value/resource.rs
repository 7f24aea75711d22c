//! Resource indicators: where a token is meant to be used.
//!
//! [RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)

use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::text::{is_visible, textual};

/// A resource: an absolute URI without fragment, user or spaces, at most 512 bytes.
///
/// Compared byte for byte, with one exception: an empty path and `/` are the same, because widely used MCP clients
/// add the slash. The slash is therefore dropped when the value is read.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Resource(Arc<str>);

textual!(Resource, InvalidResource);

impl FromStr for Resource {
    type Err = InvalidResource;

    fn from_str(text: &str) -> Result<Self, InvalidResource> {
        if text.len() > MAXIMUM_LENGTH {
            return Err(InvalidResource::TooLong);
        }
        if text.contains('#') {
            return Err(InvalidResource::Fragment);
        }
        if !text.bytes().all(|byte| is_visible(byte) && byte != b' ') {
            return Err(InvalidResource::ForbiddenByte);
        }
        let url = Url::parse(text).map_err(|_| InvalidResource::NotAbsolute)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidResource::User);
        }
        let is_bare_origin = url.has_host() && url.path() == "/" && url.query().is_none();
        Ok(Self(if is_bare_origin { text.trim_end_matches('/') } else { text }.into()))
    }
}

impl Resource {
    /// Whether the resource is nothing but `https` and a host, so that a slash behind it adds nothing.
    pub(crate) fn is_bare_origin(&self) -> bool {
        let authority = self.0.strip_prefix("https://");
        // Without a way out of the loop, the compiler looks at many bytes at once.
        let ends = |text: &str| text.bytes().fold(0, |found, byte| found | u8::from(matches!(byte, b'/' | b'?')));
        authority.is_some_and(|authority| ends(authority) == 0)
    }
}

/// The resources of a grant or the audience of a token: sorted, without duplicates, at most 16.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Vec<Resource>", into = "Vec<Resource>")]
pub struct ResourceSet(Option<Arc<[Resource]>>);

impl ResourceSet {
    /// Collects resources.
    ///
    /// # Errors
    ///
    /// [`InvalidResource::TooMany`] if there are more than 16.
    pub fn new(mut resources: Vec<Resource>) -> Result<Self, InvalidResource> {
        if resources.len() > MAXIMUM_COUNT {
            return Err(InvalidResource::TooMany);
        }
        if resources.is_empty() {
            return Ok(Self::default());
        }
        resources.sort_unstable();
        resources.dedup();
        Ok(Self(Some(resources.into())))
    }

    fn members(&self) -> &[Resource] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether no resource is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many resources are named.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members().len()
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.members().iter()
    }

    /// Whether `resource` is a member.
    #[must_use]
    pub fn contains(&self, resource: &Resource) -> bool {
        self.members().contains(resource)
    }

    /// The one member of a set of one.
    pub(crate) fn only(&self) -> Option<&Resource> {
        match self.members() {
            [resource] => Some(resource),
            _ => None,
        }
    }

    /// Whether every member is a member of `other`.
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.shares_with(other) || self.iter().all(|resource| other.contains(resource))
    }

    /// The members that both sets have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if self.is_subset_of(other) {
            return self.clone();
        }
        let common: Vec<Resource> = self.iter().filter(|resource| other.contains(resource)).cloned().collect();
        Self((!common.is_empty()).then(|| common.into()))
    }

    /// Whether both are one set in memory.
    fn shares_with(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Some(one), Some(other)) if Arc::ptr_eq(one, other))
    }
}

impl TryFrom<Vec<Resource>> for ResourceSet {
    type Error = InvalidResource;

    fn try_from(resources: Vec<Resource>) -> Result<Self, InvalidResource> {
        Self::new(resources)
    }
}

impl From<ResourceSet> for Vec<Resource> {
    fn from(set: ResourceSet) -> Self {
        set.members().to_vec()
    }
}

impl From<Resource> for ResourceSet {
    fn from(resource: Resource) -> Self {
        Self(Some([resource].into()))
    }
}

/// Why a text is not a resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidResource {
    /// A byte outside printable ASCII, or a space.
    #[error("the resource contains a byte that no URI has")]
    ForbiddenByte,
    /// A fragment, even an empty one.
    #[error("the resource has a fragment")]
    Fragment,
    /// Not an absolute URI.
    #[error("the resource is not an absolute URI")]
    NotAbsolute,
    /// More than 512 bytes.
    #[error("the resource is longer than 512 bytes")]
    TooLong,
    /// More than 16 resources.
    #[error("more than 16 resources")]
    TooMany,
    /// A user name or password.
    #[error("the resource contains a user name")]
    User,
}

const MAXIMUM_LENGTH: usize = 512;
const MAXIMUM_COUNT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(text: &str) -> Resource {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_not_absolute_is_refused() {
        covers!("RFC8707-2-02");
        for text in ["", "/", "api", "//api.example", "api.example/v1", "?a", "https://"] {
            assert_eq!(text.parse::<Resource>(), Err(InvalidResource::NotAbsolute), "{text}");
        }
        for text in ["https://api.example", "urn:example:api", "https://api.example/v1?tenant=a"] {
            assert_eq!(resource(text).as_str(), text);
        }
    }

    #[test]
    fn a_fragment_is_refused_even_an_empty_one() {
        covers!("RFC8707-2-03");
        for text in ["https://a/#x", "https://a/#", "urn:a#b"] {
            assert_eq!(text.parse::<Resource>(), Err(InvalidResource::Fragment), "{text}");
        }
    }

    #[test]
    fn a_user_a_space_a_control_byte_and_too_much_are_refused() {
        assert_eq!("https://user@a/".parse::<Resource>(), Err(InvalidResource::User));
        assert_eq!("https://:secret@a/".parse::<Resource>(), Err(InvalidResource::User));
        for text in ["https://a/ b", " https://a", "https://a/\n", "https://a/\0", "https://a/\u{e9}"] {
            assert_eq!(text.parse::<Resource>(), Err(InvalidResource::ForbiddenByte), "{text:?}");
        }
        let longest = format!("https://a/{}", "x".repeat(502));
        assert!(longest.parse::<Resource>().is_ok());
        assert_eq!(format!("{longest}x").parse::<Resource>(), Err(InvalidResource::TooLong));
    }

    #[test]
    fn an_empty_path_and_a_slash_are_the_same_and_nothing_else_is() {
        covers!("RFC8414-4-01");
        assert_eq!(resource("https://api.example/"), resource("https://api.example"));
        assert_eq!(resource("https://api.example/?a=/").as_str(), "https://api.example/?a=/");
        for (left, right) in [
            ("https://api.example/a", "https://api.example/a/"),
            ("https://api.example", "https://API.example"),
            ("https://api.example", "https://api.example:443"),
            ("https://api.example/?", "https://api.example"),
            ("https://api.example/caf%C3%A9", "https://api.example/cafe%CC%81"),
            ("https://api.example/%41", "https://api.example/A"),
        ] {
            assert_ne!(resource(left), resource(right), "{left} {right}");
        }
    }

    #[test]
    fn a_set_is_sorted_and_has_at_most_16_members() {
        let many =
            |count: usize| (0..count).map(|at| resource(&format!("https://{at:02}.example"))).collect::<Vec<_>>();
        let mut reversed = many(16);
        reversed.reverse();

        assert_eq!(ResourceSet::new(reversed).unwrap(), ResourceSet::new(many(16)).unwrap());
        assert_eq!(ResourceSet::new(many(17)), Err(InvalidResource::TooMany));
        assert_eq!(ResourceSet::new([many(2), many(2)].concat()).unwrap().len(), 2);
        assert!(ResourceSet::new(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn sets_are_compared_by_their_members() {
        let set = |texts: &[&str]| ResourceSet::new(texts.iter().map(|text| resource(text)).collect()).unwrap();
        let both = set(&["https://a.example", "https://b.example"]);
        let one = ResourceSet::from(resource("https://a.example"));

        assert!(one.is_subset_of(&both));
        assert!(!both.is_subset_of(&one));
        assert!(ResourceSet::default().is_subset_of(&one));
        assert_eq!(both.intersection(&one), one);
        assert_eq!(both.intersection(&set(&["https://c.example"])), ResourceSet::default());
    }
}
