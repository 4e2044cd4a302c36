use std::net::IpAddr;

use super::*;

fn address(text: &str, port: u16) -> SocketAddr {
    SocketAddr::new(text.parse::<IpAddr>().unwrap(), port)
}

#[test]
fn any_ipv6_address_takes_ipv4_clients_unless_an_ipv4_address_stands_beside_it() {
    let rows: [(&str, &[u16], Reach); 6] = [
        ("::", &[], Reach::BothFamilies),
        ("::", &[81], Reach::BothFamilies),
        ("::", &[80], Reach::OneFamily),
        ("::1", &[], Reach::OneFamily),
        ("0.0.0.0", &[80], Reach::OneFamily),
        ("127.0.0.1", &[80], Reach::OneFamily),
    ];
    for (text, ipv4_ports, expected) in rows {
        let ipv4_ports = ipv4_ports.iter().copied().collect();
        let reach = Reach::of(address(text, 80), &ipv4_ports);
        assert_eq!(reach, expected, "{text} beside {ipv4_ports:?}");
    }
}

#[test]
fn only_what_every_machine_has_tells_that_a_family_is_missing() {
    let no_family = io::Error::from(rustix::io::Errno::AFNOSUPPORT);
    let no_address = io::Error::from(rustix::io::Errno::ADDRNOTAVAIL);
    let in_use = io::Error::from(rustix::io::Errno::ADDRINUSE);
    let rows = [
        (&no_family, "2001:db8::1", true),
        (&no_family, "::", true),
        (&no_address, "::1", true),
        (&no_address, "127.0.0.1", true),
        (&no_address, "::", true),
        (&no_address, "2001:db8::1", false),
        (&no_address, "192.0.2.1", false),
        (&in_use, "::1", false),
    ];
    for (error, text, expected) in rows {
        let lacks = lacks_family(error, address(text, 80));
        assert_eq!(lacks, expected, "{text}: {error}");
    }
}

/// Connects to each port of a listener by both loopback addresses: who gets in?
async fn reached(texts: &[&str]) -> [bool; 2] {
    let tcp = ListenAddress::Tcp(texts.iter().map(|text| address(text, 0)).collect());
    let mut opened = open_all([&tcp].into_iter()).unwrap();
    let Some(Sockets::Tcp(listeners)) = opened.pop() else {
        panic!("TCP was asked for");
    };
    let mut reached = [false; 2];
    for listener in &listeners {
        let port = listener.local_addr().unwrap().port();
        for (is_reached, loopback) in reached.iter_mut().zip(["127.0.0.1", "::1"]) {
            let connected = tokio::net::TcpStream::connect(address(loopback, port)).await;
            *is_reached |= connected.is_ok();
        }
    }
    reached
}

#[tokio::test]
async fn every_form_reaches_the_families_it_names() {
    let has_ipv6 = TcpSocket::new_v6()
        .and_then(|socket| socket.bind(address("::1", 0)))
        .is_ok();
    let rows: [(&[&str], [bool; 2]); 5] = [
        (&["::"], [true, true]),
        (&["::", "0.0.0.0"], [true, true]),
        (&["0.0.0.0"], [true, false]),
        (&["127.0.0.1"], [true, false]),
        (&["::1", "127.0.0.1"], [true, true]),
    ];
    for (texts, [ipv4, ipv6]) in rows {
        assert_eq!(reached(texts).await, [ipv4, ipv6 && has_ipv6], "{texts:?}");
    }
}

#[tokio::test]
async fn the_file_of_another_server_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let (first, first_file) = unix(&path, 0o600).unwrap();
    drop(first);
    // Another server takes the path over while the first one finishes its requests.
    let (_second, second_file) = unix(&path, 0o600).unwrap();
    drop(first_file);
    assert!(path.exists());
    drop(second_file);
    assert!(!path.exists());
}
