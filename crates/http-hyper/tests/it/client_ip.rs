//! Who counts as the client.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use registrar_http_hyper::Forwarding;

const PROXY: &str = "10.0.0.1";

fn client(forwarding: &Forwarding, peer: Option<&str>, lines: &[&str]) -> Option<String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("x-forwarded-for", line.parse().unwrap());
    }
    let peer = peer.map(|peer| peer.parse().unwrap());
    forwarding
        .client_ip(peer, &headers)
        .map(|ip| ip.to_string())
}

fn behind_proxies() -> Forwarding {
    Forwarding::FromProxies(Arc::new(|ip: IpAddr| ip.to_string().starts_with("10.0.0.")))
}

#[test]
fn without_forwarding_the_peer_is_the_client() {
    let ip = client(&Forwarding::Ignored, Some("192.0.2.1"), &["192.0.2.2"]);
    assert_eq!(ip.as_deref(), Some("192.0.2.1"));
    assert_eq!(client(&Forwarding::Ignored, None, &["192.0.2.2"]), None);
    let ip = client(&Forwarding::Ignored, Some("::ffff:192.0.2.1"), &[]);
    assert_eq!(ip.as_deref(), Some("192.0.2.1"));
}

#[test]
fn the_first_forwarded_address_is_the_client() {
    let rows = [
        (&["192.0.2.2"][..], "192.0.2.2"),
        (&["192.0.2.2, 192.0.2.3"], "192.0.2.2"),
        (&["  192.0.2.2  ,x"], "192.0.2.2"),
        (&["192.0.2.2", "192.0.2.3"], "192.0.2.2"),
        (&["192.0.2.2:1234"], "192.0.2.2"),
        (&["2001:db8::1"], "2001:db8::1"),
        (&["[2001:db8::1]"], "2001:db8::1"),
        (&["[2001:db8::1]:443"], "2001:db8::1"),
        (&["::ffff:192.0.2.2"], "192.0.2.2"),
        // Nothing that a header says makes the client nobody.
        (&[], PROXY),
        (&[""], PROXY),
        (&[","], PROXY),
        (&["unknown"], PROXY),
        (&["_hidden, 192.0.2.2"], PROXY),
        (&["192.0.2.256"], PROXY),
        (&["[192.0.2.2"], PROXY),
        (&["fe80::1%eth0"], PROXY),
    ];
    for (lines, expected) in rows {
        let ip = client(&Forwarding::FromAnyone, Some(PROXY), lines);
        assert_eq!(ip.as_deref(), Some(expected), "{lines:?}");
    }
    assert_eq!(client(&Forwarding::FromAnyone, None, &[""]), None);
}

#[test]
fn behind_known_proxies_only_what_they_saw_counts() {
    let rows = [
        // What the client itself wrote stands before what the proxy added.
        (PROXY, &["192.0.2.66, 192.0.2.2"][..], "192.0.2.2"),
        (PROXY, &["192.0.2.66, 192.0.2.2, 10.0.0.2"], "192.0.2.2"),
        (PROXY, &["192.0.2.66", "192.0.2.2", "10.0.0.2"], "192.0.2.2"),
        (PROXY, &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (PROXY, &["192.0.2.2, unknown, 10.0.0.2"], "10.0.0.2"),
        (PROXY, &["192.0.2.2,"], PROXY),
        (PROXY, &[], PROXY),
        // A stranger's header is only that.
        ("192.0.2.9", &["192.0.2.66"], "192.0.2.9"),
    ];
    for (peer, lines, expected) in rows {
        let ip = client(&behind_proxies(), Some(peer), lines);
        assert_eq!(ip.as_deref(), Some(expected), "{peer} {lines:?}");
    }
    assert_eq!(
        client(&behind_proxies(), None, &["192.0.2.2"]).as_deref(),
        Some("192.0.2.2")
    );
}
