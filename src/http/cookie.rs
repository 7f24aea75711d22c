//! The cookie that binds a request to the browser in which it began.
//!
//! It is apart from the host's login session, which changes at login while this one stays.
//!
//! [RFC 6265bis §4.1.3.2](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2)

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::value::Issuer;

/// The value of the binding cookie, if the browser sent one.
pub(super) fn read<'a>(headers: &'a HeaderMap, issuer: &Issuer) -> Option<&'a str> {
    let name = name(issuer);
    let pairs = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs = pairs.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(candidate, _)| *candidate == name).map(|(_, value)| value)
}

/// The header that sets the cookie.
pub(super) fn set(value: &str, issuer: &Issuer) -> Option<HeaderValue> {
    let name = name(issuer);
    let secure = if issuer.is_insecure() { "" } else { "; Secure" };
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// With the prefix, no other host of the domain and no page without TLS can set it. Without TLS, browsers refuse the prefix.
fn name(issuer: &Issuer) -> &'static str {
    if issuer.is_insecure() { "grantsmith" } else { "__Host-grantsmith" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(headers: &[&'static str], issuer: &str) -> Option<String> {
        let headers = headers.iter().map(|value| (COOKIE, HeaderValue::from_static(value))).collect();
        read(&headers, &issuer.parse().unwrap()).map(str::to_owned)
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        for headers in [
            &["__Host-grantsmith=v"][..],
            &["a=1; __Host-grantsmith=v; b=2"],
            &["a=1;__Host-grantsmith=v"],
            &["a=1", "__Host-grantsmith=v"],
        ] {
            assert_eq!(read_from(headers, "https://as.example").as_deref(), Some("v"));
        }
    }

    #[test]
    fn a_cookie_of_a_similar_name_is_another() {
        for header in ["grantsmith=v", "x__Host-grantsmith=v", "__host-grantsmith=v", "__Host-grantsmith", ""] {
            assert_eq!(read_from(&[header], "https://as.example"), None, "{header}");
        }
        assert_eq!(read_from(&["__Host-grantsmith=v"], "http://127.0.0.1:8000"), None);
    }

    #[test]
    fn it_is_set_for_this_host_and_with_tls_only() {
        let with_tls = set("v", &"https://as.example".parse().unwrap()).unwrap();
        let without = set("v", &"http://127.0.0.1:8000".parse().unwrap()).unwrap();

        assert_eq!(with_tls, "__Host-grantsmith=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(without, "grantsmith=v; Path=/; HttpOnly; SameSite=Lax");
    }
}
