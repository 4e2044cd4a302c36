//! Which host a request is for: exactly one.
//!
//! Programs that believe different ones of two hosts see different requests, which is how answers
//! get into the wrong cache, and requests past a proxy's rules.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderValue, Version};

/// Does a request name its host as its version of HTTP demands? The name may be empty, and HTTP/1.0
/// knows none. RFC 9112, section 3.2; RFC 9113, section 8.3.1.
pub(super) fn is_named_once<B>(request: &http::Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    let authority = request.uri().authority();
    let version = request.version();
    match (host, second) {
        (_, Some(_)) => false,
        (None, None) if version == Version::HTTP_2 => authority.is_some(),
        (None, None) => version < Version::HTTP_11,
        (Some(host), None) if version == Version::HTTP_2 => {
            is_host(host)
                && authority
                    .is_none_or(|it| it.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()))
        }
        (Some(host), None) => is_host(host),
    }
}

/// A host with or without a port, or nothing.
fn is_host(value: &HeaderValue) -> bool {
    if value.is_empty() {
        return true;
    }
    let authority = value
        .to_str()
        .ok()
        .and_then(|it| it.parse::<Authority>().ok());
    authority.is_some_and(|authority| {
        let text = authority.as_str();
        let port = text.strip_prefix(authority.host());
        // With a user name in front, the host is not what it begins with.
        port.is_some_and(|port| {
            port.is_empty()
                || port
                    .strip_prefix(':')
                    .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(version: Version, uri: &str, hosts: &[&str], expected: bool) {
        let mut request = http::Request::builder().version(version).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let request = request.body(()).unwrap();
        let found = is_named_once(&request);
        assert_eq!(found, expected, "{version:?} {uri} {hosts:?}");
    }

    #[test]
    fn a_request_names_one_host() {
        use Version as V;
        let rows: &[(Version, &str, &[&str], bool)] = &[
            (V::HTTP_11, "/", &["x"], true),
            (V::HTTP_11, "/", &["example.org:8008"], true),
            (V::HTTP_11, "/", &["[2001:db8::1]:80"], true),
            (V::HTTP_11, "/", &["my_host"], true),
            (V::HTTP_11, "/", &["x:"], true),
            (V::HTTP_11, "/", &[""], true),
            (V::HTTP_11, "/", &[], false),
            (V::HTTP_11, "/", &["x", "x"], false),
            (V::HTTP_11, "/", &["x", "y"], false),
            (V::HTTP_11, "/", &["", ""], false),
            (V::HTTP_11, "/", &["x, y"], false),
            (V::HTTP_11, "/", &["x y"], false),
            (V::HTTP_11, "/", &["x/y"], false),
            (V::HTTP_11, "/", &["user@x"], false),
            (V::HTTP_11, "/", &["x:80x"], false),
            (V::HTTP_11, "http://x/", &["x"], true),
            (V::HTTP_11, "http://x/", &["y"], true),
            (V::HTTP_11, "http://x/", &[], false),
            (V::HTTP_10, "/", &[], true),
            (V::HTTP_10, "/", &["x"], true),
            (V::HTTP_10, "/", &["x", "x"], false),
            (V::HTTP_2, "http://x/", &[], true),
            (V::HTTP_2, "http://x/", &["X"], true),
            (V::HTTP_2, "http://x/", &["y"], false),
            (V::HTTP_2, "http://x/", &["x", "x"], false),
            (V::HTTP_2, "/", &["x"], true),
            (V::HTTP_2, "/", &[], false),
        ];
        for (version, uri, hosts, expected) in rows {
            check(*version, uri, hosts, *expected);
        }
    }
}
