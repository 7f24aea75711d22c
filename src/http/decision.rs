//! What the host's pages send back: a handle, and with it a decision.

use crate::server::{Approved, Decision};
use crate::value::{ResourceSet, ScopeSet};
use crate::wire::{MalformedParameters, Parameters};

/// Takes the handle out of a query or form. What remains is short enough for the parameter parser.
///
/// The handle is base64url, which no browser encodes. Two handles are none.
pub(super) fn take_handle(form: &[u8]) -> (&str, Vec<u8>) {
    let mut handles = Vec::new();
    let mut rest = Vec::new();
    for pair in form.split(|byte| *byte == b'&') {
        if let Some(handle) = pair.strip_prefix(b"handle=") {
            handles.push(handle);
            continue;
        }
        if !rest.is_empty() {
            rest.push(b'&');
        }
        rest.extend_from_slice(pair);
    }
    let handle = match *handles {
        [handle] => std::str::from_utf8(handle).unwrap_or_default(),
        _ => "",
    };
    (handle, rest)
}

/// Reads a decision.
///
/// `decision` is `approve` or `deny`. Where `scope` or `resource` is there at all, be it empty, only what they name is
/// approved; both may be repeated, as check boxes do. `remember` is `1` or, as check boxes say, `on`.
///
/// # Errors
///
/// [`UnclearDecision`] if it is not certain what was decided.
pub(super) fn read(form: &[u8]) -> Result<Decision, UnclearDecision> {
    let parameters = Parameters::parse(form)?;
    match parameters.get("decision")?.as_deref() {
        Some("deny") => Ok(Decision::Deny),
        Some("approve") => {
            let remember = parameters.get("remember")?;
            Ok(Decision::Approve(Approved {
                scope: scope(&parameters)?,
                resources: resources(&parameters)?,
                remember: matches!(remember.as_deref(), Some("1" | "on")),
            }))
        }
        _ => Err(UnclearDecision),
    }
}

fn scope(parameters: &Parameters<'_>) -> Result<Option<ScopeSet>, UnclearDecision> {
    if !parameters.has("scope") {
        return Ok(None);
    }
    let chosen = parameters.get_all("scope")?;
    if chosen.is_empty() {
        return Ok(Some(ScopeSet::empty()));
    }
    chosen.join(" ").parse().map(Some).map_err(|_| UnclearDecision)
}

fn resources(parameters: &Parameters<'_>) -> Result<Option<ResourceSet>, UnclearDecision> {
    if !parameters.has("resource") {
        return Ok(None);
    }
    let chosen = parameters.get_all("resource")?;
    let chosen: Result<Vec<_>, _> = chosen.iter().map(|resource| resource.parse()).collect();
    chosen.and_then(ResourceSet::new).map(Some).map_err(|_| UnclearDecision)
}

/// It is not certain what was decided, so nothing is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct UnclearDecision;

impl From<MalformedParameters> for UnclearDecision {
    fn from(_: MalformedParameters) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approved(form: &str) -> Approved {
        match read(form.as_bytes()) {
            Ok(Decision::Approve(approved)) => approved,
            other => panic!("{form}: {other:?}"),
        }
    }

    #[test]
    fn the_handle_is_taken_out() {
        assert_eq!(take_handle(b"handle=h-_1&decision=deny"), ("h-_1", b"decision=deny".to_vec()));
        assert_eq!(take_handle(b"decision=approve&handle=h&scope=a"), ("h", b"decision=approve&scope=a".to_vec()));
        assert_eq!(take_handle(b"decision=approve").0, "");
        assert_eq!(take_handle(b"handle=a&handle=b").0, "");
    }

    #[test]
    fn yes_is_yes_to_everything_this_once() {
        let approved = approved("decision=approve");

        assert!(approved.scope.is_none() && approved.resources.is_none() && !approved.remember);
    }

    #[test]
    fn check_boxes_narrow_the_scope() {
        for form in ["decision=approve&scope=&scope=a&scope=b", "decision=approve&scope=a+b"] {
            assert_eq!(approved(form).scope.unwrap().as_str(), "a b", "{form}");
        }
    }

    #[test]
    fn no_box_checked_is_nothing_and_not_everything() {
        assert!(approved("decision=approve&scope=").scope.unwrap().is_empty());
    }

    #[test]
    fn consent_is_remembered_on_request() {
        assert!(approved("decision=approve&remember=1").remember);
        assert!(approved("decision=approve&remember=on").remember);
        assert!(!approved("decision=approve&remember=0").remember);
    }

    #[test]
    fn whatever_is_not_clear_is_no_decision() {
        for form in [
            "",
            "decision=",
            "decision=yes",
            "decision=approve&decision=deny",
            "decision=approve&scope=%22",
            "decision=approve&resource=junk",
            "decision=approve&x=%zz",
        ] {
            assert!(read(form.as_bytes()).is_err(), "{form}");
        }
        assert!(matches!(read(b"decision=deny&scope=%22"), Ok(Decision::Deny)));
    }
}
