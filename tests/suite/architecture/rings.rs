//! The rings of the crate, and who may name whom.

/// The ring of a module at the top of the crate.
pub(super) fn ring_of(module: &str) -> Option<u8> {
    match module {
        "value" | "policy" | "guide" => Some(0),
        "wire" | "record" | "jose" => Some(1),
        "authentication" | "authorize" | "grant_type" | "introspection" | "revocation" | "token" | "resource"
        | "oidc" | "extension" => Some(2),
        "host" | "limiter" | "storage" => Some(3),
        "server" | "http" | "testing" => Some(4),
        _ => None,
    }
}

/// Whether a module of this ring is words, shapes or judgement: no waiting, no clock, no entropy.
pub(super) fn is_pure(module: &str) -> bool {
    ring_of(module).is_some_and(|ring| ring <= PURE)
}

/// Whether one module at the top of the crate may name another.
pub(super) fn may_name(from: &str, to: &str) -> bool {
    if from == to {
        return true;
    }
    let (Some(ring), Some(below)) = (ring_of(from), ring_of(to)) else { return false };
    match from {
        "host" => below <= PURE,
        "storage" => ["host", "record", "value"].contains(&to),
        "limiter" => ["host", "value"].contains(&to),
        "server" => below <= PURE || to == "host",
        "http" => ["server", "wire", "value"].contains(&to),
        // What a host's tests need: it ties everything together, and nothing names it.
        "testing" => true,
        _ => below <= ring,
    }
}

/// The outermost ring without waiting, clock and entropy.
const PURE: u8 = 2;

#[test]
fn imports_go_down_only() {
    for (from, to, allowed) in [
        ("policy", "value", true),
        ("value", "record", false),
        ("grant_type", "record", true),
        ("record", "grant_type", false),
        ("authorize", "host", false),
        ("resource", "server", false),
        ("host", "record", true),
        ("host", "storage", false),
        ("host", "server", false),
        ("storage", "host", true),
        ("storage", "policy", false),
        ("limiter", "host", true),
        ("limiter", "storage", false),
        ("server", "host", true),
        ("server", "limiter", false),
        ("server", "storage", false),
        ("server", "http", false),
        ("http", "server", true),
        ("http", "record", false),
        ("http", "storage", false),
        ("server", "testing", false),
    ] {
        assert_eq!(may_name(from, to), allowed, "{from} -> {to}");
    }
}
