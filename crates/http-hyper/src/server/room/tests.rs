use std::net::IpAddr;

use tokio::time::advance;

use super::super::activity::Running;
use super::*;

fn room(connections: usize, connections_per_address: usize) -> Arc<Room> {
    Arc::new(Room::new(Capacity {
        connections,
        connections_per_address,
        streams_per_address: 3,
    }))
}

fn peer(text: &str) -> Option<Subscriber> {
    Some(Subscriber::of(text.parse::<IpAddr>().unwrap()))
}

fn place(room: &Arc<Room>, peer: Option<Subscriber>) -> Place {
    match room.admit(peer) {
        Admission::Granted(place) => place,
        Admission::ShareUsed => panic!("the share is used"),
        Admission::Full => panic!("the room is full"),
    }
}

/// A connection between two requests.
fn idle(room: &Arc<Room>, peer: Option<Subscriber>) -> Place {
    let place = place(room, peer);
    drop(place.activity().begin());
    place
}

/// A connection with a whole request in progress, for as long as the second value lives.
fn working(room: &Arc<Room>, peer: Option<Subscriber>) -> (Place, Running) {
    let place = place(room, peer);
    let running = place.activity().begin();
    (place, running)
}

fn gives_way(place: &Place) -> bool {
    !place.room.lock().connections.contains_key(&place.id)
}

fn who_gives_way(places: &[Place]) -> Vec<usize> {
    let all = places.iter().enumerate();
    all.filter(|(_, place)| gives_way(place))
        .map(|(number, _)| number)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_longest_idle_connection_gives_way() {
    let room = room(3, 3);
    let mut places = Vec::new();
    for _ in 0..3 {
        places.push(idle(&room, peer("192.0.2.1")));
        advance(Duration::from_secs(1)).await;
    }
    // The first one has been used since.
    drop(places[0].activity().begin());
    let _newcomer = place(&room, peer("192.0.2.2"));
    assert_eq!(who_gives_way(&places), [1]);
}

#[tokio::test(start_paused = true)]
async fn half_heads_and_half_bodies_give_way_before_idle_ones() {
    let room = room(4, 4);
    let client = peer("192.0.2.1");
    let idle = idle(&room, client);
    advance(Duration::from_secs(5)).await;
    let half_head = place(&room, client);
    advance(Duration::from_secs(1)).await;
    let half_body = place(&room, client);
    let _request = (half_body.activity().read(), half_body.activity().begin());
    advance(Duration::from_secs(1)).await;
    let fresh = place(&room, client);
    let places = [idle, half_head, half_body, fresh];
    let mut order: Vec<usize> = Vec::new();
    let mut newcomers = Vec::new();
    for number in 0..4 {
        newcomers.push(working(&room, peer(&format!("198.51.100.{number}"))));
        let gone = who_gives_way(&places);
        order.extend(gone.into_iter().find(|it| !order.contains(it)));
    }
    assert_eq!(order, [1, 2, 0, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_address_makes_room_within_its_share() {
    let room = room(100, 2);
    let other = idle(&room, peer("192.0.2.2"));
    // Neighbors of one IPv6 network are one client, and so is an IPv4 address in both forms.
    for (first, second, third) in [
        ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"),
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"),
    ] {
        let places = [idle(&room, peer(first)), idle(&room, peer(second))];
        let _third = place(&room, peer(third));
        assert_eq!(who_gives_way(&places), [0], "{first}");
    }
    assert!(!gives_way(&other));
}

#[tokio::test(start_paused = true)]
async fn requests_in_progress_keep_their_connections() {
    let room = room(100, 2);
    let client = peer("192.0.2.1");
    let _working = [working(&room, client), working(&room, client)];
    assert!(matches!(room.admit(client), Admission::ShareUsed));
    assert!(matches!(
        room.admit(peer("192.0.2.2")),
        Admission::Granted(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn the_address_with_most_connections_gives_way_first() {
    let room = room(8, 6);
    let one = idle(&room, peer("192.0.2.1"));
    let proxy = [idle(&room, None), idle(&room, None)];
    advance(Duration::from_secs(60)).await;
    let many: Vec<_> = (0..5).map(|_| idle(&room, peer("192.0.2.2"))).collect();
    let mut newcomers = Vec::new();
    for number in 0..4 {
        newcomers.push(working(&room, peer(&format!("198.51.100.{number}"))));
    }
    assert_eq!(who_gives_way(&many).len(), 4);
    assert!(!gives_way(&one));
    assert!(who_gives_way(&proxy).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_full_room_has_a_reserve_for_probes() {
    let room = room(2, 2);
    let mut regular = vec![
        working(&room, peer("192.0.2.1")),
        working(&room, peer("192.0.2.2")),
    ];
    let reserve: Vec<_> = (0..RESERVE).map(|_| place(&room, None)).collect();
    assert!(reserve.iter().all(Place::is_in_reserve));
    // Within the reserve the oldest one gives way, too.
    advance(Duration::from_secs(2)).await;
    let busy: Vec<_> = (0..RESERVE).map(|_| working(&room, None)).collect();
    assert_eq!(who_gives_way(&reserve).len(), RESERVE);
    assert!(matches!(room.admit(None), Admission::Full));
    regular.pop();
    assert!(!busy[0].0.is_in_reserve());
    assert!(busy[1].0.is_in_reserve());
    regular.pop();
    assert!(!place(&room, None).is_in_reserve());
    drop(busy);
}

#[tokio::test(start_paused = true)]
async fn streams_of_an_address_are_counted_over_all_its_connections() {
    let room = room(10, 10);
    let places = [
        idle(&room, peer("192.0.2.1")),
        idle(&room, peer("192.0.2.1")),
    ];
    let mut streams: Vec<_> = (0..3).map(|it| places[it % 2].stream().unwrap()).collect();
    assert!(places[0].stream().is_none() && places[1].stream().is_none());
    assert!(idle(&room, peer("192.0.2.2")).stream().is_some());
    let proxy = idle(&room, None);
    let of_proxy: Vec<_> = (0..10).filter_map(|_| proxy.stream()).collect();
    assert_eq!(of_proxy.len(), 10);
    streams.pop();
    assert!(places[0].stream().is_some());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_connections_that_have_ended() {
    let room = room(50, 50);
    for round in 0..3 {
        let places: Vec<_> = (0..200)
            .map(|it| idle(&room, peer(&format!("192.0.{round}.{it}"))))
            .collect();
        let _streams: Vec<_> = places.iter().filter_map(Place::stream).collect();
    }
    let state = room.lock();
    assert!(state.connections.is_empty() && state.peers.is_empty());
    assert!(state.connections.capacity() <= 64 && state.peers.capacity() <= 64);
}
