//! Who calls: what limits are counted by.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use grantsmith::http::Caller;

/// Where the address of a caller is found.
pub struct Callers {
    /// The header that a proxy before this server writes, if there is one.
    pub header: Option<HeaderName>,
}

/// Tells the limiters who calls, if that is known.
pub async fn tell(State(callers): State<Arc<Callers>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    if let Some(caller) = callers.of(request.headers(), peer) {
        request.extensions_mut().insert(Caller::new(caller));
    }
    next.run(request).await
}

impl Callers {
    /// The address in the header; without one, the peer's, unless that is this machine: then it is a proxy, or a test.
    fn of(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<String> {
        let address = match &self.header {
            // The last address is the one that the proxy itself saw; whatever stands before it, the caller may have made up.
            Some(name) => {
                headers.get_all(name).iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()?
            }
            None => peer.filter(|peer| !peer.is_loopback())?,
        };
        Some(network_of(address))
    }
}

/// Whoever has one IPv6 address has a whole network of them.
fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            format!("{first:x}:{second:x}:{third:x}:{fourth:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(header: Option<&'static str>, values: &[&'static str], peer: &str) -> Option<String> {
        let callers = Callers { header: header.map(HeaderName::from_static) };
        let headers = values.iter().map(|value| (HeaderName::from_static("x-forwarded-for"), value.parse().unwrap()));
        callers.of(&headers.collect(), peer.parse().ok())
    }

    #[test]
    fn a_peer_is_a_caller_unless_it_is_this_machine() {
        assert_eq!(caller(None, &["203.0.113.9"], "198.51.100.7").as_deref(), Some("198.51.100.7"));
        assert_eq!(caller(None, &[], "2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1:2::/64"));
        assert_eq!(caller(None, &[], "::ffff:198.51.100.7").as_deref(), Some("198.51.100.7"));
        assert_eq!(caller(None, &["203.0.113.9"], "127.0.0.1"), None);
    }

    #[test]
    fn of_what_came_through_a_proxy_only_the_last_address_counts() {
        let header = Some("x-forwarded-for");
        assert_eq!(caller(header, &["1.2.3.4, 203.0.113.9"], "127.0.0.1").as_deref(), Some("203.0.113.9"));
        assert_eq!(caller(header, &["1.2.3.4", "203.0.113.9"], "127.0.0.1").as_deref(), Some("203.0.113.9"));
        for values in [&["junk"][..], &[""], &[]] {
            assert_eq!(caller(header, values, "127.0.0.1"), None);
        }
    }
}
