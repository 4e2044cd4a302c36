use std::net::IpAddr;

use registrar_http_hyper::{Forwarding, Resource};

use super::super::listeners::name_of;
use super::super::{ListenAddress, Listener};
use super::{config, expect_mistake, read};

fn listeners(yaml: &str) -> Vec<Listener> {
    config(&format!("enable_metrics: true\nlisteners: {yaml}")).listeners
}

/// Is `X-Forwarded-For` trusted, from whomever?
fn trusts_headers(listener: &Listener) -> bool {
    !matches!(listener.options.forwarding, Forwarding::Ignored)
}

fn addresses(listener: &Listener) -> Vec<String> {
    match &listener.address {
        ListenAddress::Tcp(addresses) => addresses.iter().map(ToString::to_string).collect(),
        ListenAddress::Unix { path, mode } => vec![format!("{} {mode:o}", path.display())],
    }
}

#[test]
fn without_listeners_loopback_is_served() {
    let config = config("");
    assert_eq!(
        addresses(&config.listeners[0]),
        ["[::1]:8008", "127.0.0.1:8008"]
    );
    assert!(!trusts_headers(&config.listeners[0]));
}

#[test]
fn addresses_and_ports() {
    let rows: &[(&str, &[&str])] = &[
        ("[{port: 80}]", &["[::]:80", "0.0.0.0:80"]),
        (
            "[{port: 80, bind_addresses: []}]",
            &["[::]:80", "0.0.0.0:80"],
        ),
        (
            "[{port: 80, bind_addresses: ['::1', 127.0.0.1]}]",
            &["[::1]:80", "127.0.0.1:80"],
        ),
        ("[{port: 80, bind_address: 10.0.0.1}]", &["10.0.0.1:80"]),
        (
            "[{port: 0, bind_address: localhost}]",
            &["[::1]:0", "127.0.0.1:0"],
        ),
        ("[{path: /run/r.sock}]", &["/run/r.sock 666"]),
        ("[{path: /run/r.sock, mode: 0660}]", &["/run/r.sock 660"]),
        ("[{path: /run/r.sock, mode: '0600'}]", &["/run/r.sock 600"]),
    ];
    for (yaml, expected) in rows {
        assert_eq!(addresses(&listeners(yaml)[0]), *expected, "{yaml}");
    }
}

#[test]
fn resources_of_a_homeserver_are_left_to_it() {
    let listeners = listeners(
        "[{port: 1, type: http, resources: [{names: [client, federation], compress: true}]}, \
          {port: 2, type: http, resources: [{names: [federation]}]}, \
          {port: 3, type: metrics}, \
          {port: 4, type: manhole}, \
          {port: 5, type: http, resources: [{names: health}, {names: metrics}]}]",
    );
    let names: Vec<Vec<&str>> = listeners
        .iter()
        .map(|listener| {
            listener
                .options
                .resources
                .iter()
                .map(|resource| name_of(*resource))
                .collect()
        })
        .collect();
    assert_eq!(
        names,
        [
            vec!["client", "health"],
            vec!["metrics"],
            vec!["metrics", "health"]
        ]
    );

    let reading = read("listeners: [{port: 1}, {port: 2, resources: [{names: [media]}]}]");
    let ignored = reading
        .findings
        .ignored
        .iter()
        .map(|(name, _)| name.as_str());
    assert_eq!(ignored.collect::<Vec<_>>(), ["listeners[1]"]);
}

#[test]
fn unix_sockets_are_forwarded_by_default() {
    let trusts = |yaml: &str| trusts_headers(&listeners(yaml)[0]);
    assert!(trusts("[{path: /run/r.sock}]"));
    assert!(!trusts("[{path: /run/r.sock, x_forwarded: false}]"));
    assert!(!trusts("[{port: 80}]"));
    assert!(trusts("[{port: 80, x_forwarded: true}]"));
}

#[test]
fn mistakes_in_listeners() {
    for (yaml, key, words) in [
        (
            "[{port: 80, tls: true}]",
            "listeners[0].tls",
            "reverse proxy",
        ),
        (
            "[{port: 80}, {type: http}]",
            "listeners[1].port",
            "required",
        ),
        ("[{port: 80, path: /x}]", "listeners[0].path", "only one"),
        (
            "[{port: 80, bind_addresses: [example.org]}]",
            "listeners[0].bind_addresses",
            "`example.org`",
        ),
        (
            "[{port: 80, type: replication}]",
            "listeners[0].type",
            "`http`",
        ),
        (
            "[{port: 80, resources: [{names: [client, x]}]}]",
            "listeners[0].resources[0].names",
            "`x`",
        ),
        ("[{port: 80}, {port: 80}]", "listeners[1].port", "twice"),
        ("[{path: /x, mode: 660}]", "listeners[0].mode", "0660"),
        ("[{path: /x, mode: rw}]", "listeners[0].mode", "octal"),
        (
            "[{port: 80, request_id_header: 'a b'}]",
            "listeners[0].request_id_header",
            "header",
        ),
        ("[]", "listeners", "client"),
        (
            "[{port: 80, resources: [{names: [federation]}]}]",
            "listeners",
            "client",
        ),
        ("[80]", "listeners[0]", "mapping"),
        ("80", "listeners", "list"),
    ] {
        let findings = read(&format!("listeners: {yaml}")).findings;
        let found = findings.mistakes.iter().find(|mistake| mistake.key == key);
        assert!(
            found.is_some_and(|mistake| mistake.message.contains(words)),
            "{yaml}\n{:#?}",
            findings.mistakes
        );
    }
    expect_mistake(
        "listeners: [{port: 80, tls: true}]",
        "listeners[0].tls",
        "TLS",
    );
}

#[test]
fn metrics_listeners_serve_nothing_else() {
    let listeners =
        listeners("[{port: 1}, {port: 2, type: metrics, resources: [{names: [client]}]}]");
    assert_eq!(
        listeners[1].options.resources.iter().collect::<Vec<_>>(),
        [&Resource::Metrics]
    );
}

#[test]
fn trusted_proxies_are_networks() {
    let trusted = |networks: &str| {
        let yaml = format!(
            "listeners: [{{port: 1, x_forwarded: true}}]\nregistrar: {{trusted_proxies: {networks}}}"
        );
        match config(&yaml).listeners.remove(0).options.forwarding {
            Forwarding::FromProxies(trusts) => move |address: &str| {
                let address: IpAddr = address.parse().unwrap();
                trusts(address)
            },
            other => panic!("{other:?}"),
        }
    };
    let trusts = trusted("[10.0.0.0/8, '::1', 'fd00::/8', 192.0.2.7]");
    for address in [
        "10.255.0.1",
        "::ffff:10.1.2.3",
        "::1",
        "fd12::1",
        "192.0.2.7",
    ] {
        assert!(trusts(address), "{address}");
    }
    for address in ["11.0.0.1", "::2", "fe80::1", "192.0.2.8", "127.0.0.1"] {
        assert!(!trusts(address), "{address}");
    }
    let all = trusted("0.0.0.0/0");
    assert!(all("203.0.113.9"));
    assert!(!all("2001:db8::1"));
}

#[test]
fn without_metrics_nothing_listens_for_them() {
    let yaml = "listeners: [{port: 1, type: metrics}, \
                {port: 2, resources: [{names: [client, metrics]}]}]";
    let reading = read(yaml);
    let warning = &reading.findings.warnings[..];
    assert!(
        warning.iter().any(|it| it.key == "enable_metrics"),
        "{warning:#?}"
    );
    let listeners = config(yaml).listeners;
    assert_eq!(listeners.len(), 1);
    assert!(!listeners[0].options.resources.contains(&Resource::Metrics));
}
