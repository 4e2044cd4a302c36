use super::{
    Constraint, Outcome, assert_conflict, at, device_id, digest, given_device, given_user,
    localpart, read, sighting, write,
};
use registrar_domain::model::device::{Device, DisplayName};
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::token::{NewAccessToken, NewRefreshToken};
use registrar_domain::ports::store::{Sighting, Store, StoreError, UnitOfWork};

fn display_name(text: &str) -> DisplayName {
    DisplayName::parse(text).expect("the suite's display names are valid")
}

/// The longest device ID, of characters that take four bytes each and do not compress well.
fn longest_device_id() -> DeviceId {
    let letter = |n: usize| char::from_u32(0x20000 + (n as u32 * 7919) % 0xA000);
    let text: String = (0..DeviceId::MAX_CHARS).filter_map(letter).collect();
    device_id(&text)
}

pub(super) async fn a_device_comes_back_as_it_was_added(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bare = Sighting {
        at: at(3),
        ip: None,
        user_agent: None,
    };
    let long = longest_device_id();
    let empty = device_id("");
    let mut uow = write(store).await?;
    uow.devices()
        .add_or_see(
            &alice,
            &long,
            Some(&display_name("Häuschen 🏠")),
            &sighting(9),
        )
        .await?;
    uow.devices()
        .add_or_see(&alice, &empty, None, &bare)
        .await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    let expected = Device {
        localpart: alice.clone(),
        device_id: long.clone(),
        display_name: Some("Häuschen 🏠".to_owned()),
        created: at(9),
        last_seen: at(9),
        last_seen_ip: Some("192.0.2.7".to_owned()),
        last_seen_user_agent: Some("Elm".to_owned()),
    };
    assert_eq!(reader.devices().find(&alice, &long).await?, Some(expected));
    let expected = Device {
        localpart: alice.clone(),
        device_id: empty.clone(),
        display_name: None,
        created: at(3),
        last_seen: at(3),
        last_seen_ip: None,
        last_seen_user_agent: None,
    };
    assert_eq!(reader.devices().find(&alice, &empty).await?, Some(expected));
    assert_eq!(reader.devices().find(&alice, &device_id("X")).await?, None);
    assert_eq!(
        reader.devices().find(&localpart("bob"), &empty).await?,
        None
    );
    Ok(())
}

pub(super) async fn an_existing_device_keeps_its_name_and_its_first_sighting(
    store: &dyn Store,
) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let phone = device_id("PHONE");
    let mut uow = write(store).await?;
    uow.devices()
        .add_or_see(&alice, &phone, Some(&display_name("Phone")), &sighting(1))
        .await?;
    let later = Sighting {
        at: at(2),
        ip: Some("::1".to_owned()),
        user_agent: None,
    };
    uow.devices()
        .add_or_see(&alice, &phone, Some(&display_name("Other")), &later)
        .await?;
    uow.commit().await?;
    let found = read(store).await?.devices().find(&alice, &phone).await?;
    let found = found.expect("the device was added");
    assert_eq!(found.display_name.as_deref(), Some("Phone"));
    assert_eq!((found.created, found.last_seen), (at(1), at(2)));
    assert_eq!(
        (found.last_seen_ip, found.last_seen_user_agent),
        (Some("::1".to_owned()), None)
    );
    Ok(())
}

pub(super) async fn an_account_keeps_its_latest_sighting(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bob = given_user(store, "bob").await?;
    let (phone, desk) = (device_id("PHONE"), device_id("DESK"));
    let mut uow = write(store).await?;
    assert_eq!(last_seen(&mut *uow, &alice).await?, None);
    for (device, moment, expected) in [(&phone, 10, 10), (&desk, 30, 30), (&phone, 20, 30)] {
        let devices = uow.devices();
        devices
            .add_or_see(&alice, device, None, &sighting(moment))
            .await?;
        let seen = last_seen(&mut *uow, &alice).await?;
        assert_eq!(seen, Some(at(expected)), "{device} at {moment}");
    }
    let stale_before = at(30);
    let devices = uow.devices();
    assert!(
        devices
            .see(&alice, &phone, &sighting(35), stale_before)
            .await?
    );
    assert_eq!(last_seen(&mut *uow, &alice).await?, Some(at(30)));
    uow.devices()
        .see(&alice, &phone, &sighting(50), at(45))
        .await?;
    // What was seen outlives the devices.
    uow.devices().remove_all(&alice).await?;
    uow.commit().await?;
    let mut uow = write(store).await?;
    assert_eq!(last_seen(&mut *uow, &alice).await?, Some(at(50)));
    assert_eq!(last_seen(&mut *uow, &bob).await?, None);
    Ok(())
}

async fn last_seen(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
) -> Result<Option<Timestamp>, StoreError> {
    let account = uow.accounts().find(localpart).await?;
    Ok(account.and_then(|account| account.last_seen))
}

pub(super) async fn a_device_needs_its_account(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    let nobody = localpart("nobody");
    let added = uow
        .devices()
        .add_or_see(&nobody, &device_id("D"), None, &sighting(1))
        .await;
    assert_conflict(added, Constraint::MissingReference);
    Ok(())
}

pub(super) async fn devices_are_listed_in_the_order_of_their_ids(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bob = given_user(store, "bob").await?;
    for id in ["b", "a", "B", "_", "ä", "10", "9"] {
        given_device(store, &alice, id).await?;
    }
    given_device(store, &bob, "c").await?;
    let devices = read(store).await?.devices().list(&alice).await?;
    let ids: Vec<_> = devices
        .iter()
        .map(|device| device.device_id.as_str())
        .collect();
    assert_eq!(ids, ["10", "9", "B", "_", "a", "b", "ä"]);
    Ok(())
}

pub(super) async fn a_sighting_is_recorded_only_over_a_stale_one(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let phone = given_device(store, &alice, "PHONE").await?;
    let mut uow = write(store).await?;
    let devices = uow.devices();
    assert!(
        !devices.see(&alice, &phone, &sighting(50), at(1)).await?,
        "seen at 1 is not before 1"
    );
    assert!(devices.see(&alice, &phone, &sighting(50), at(2)).await?);
    assert!(!devices.see(&alice, &phone, &sighting(60), at(2)).await?);
    assert!(
        !devices
            .see(&alice, &device_id("X"), &sighting(60), at(99))
            .await?
    );
    uow.commit().await?;
    let found = read(store).await?.devices().find(&alice, &phone).await?;
    assert_eq!(found.map(|device| device.last_seen), Some(at(50)));
    Ok(())
}

pub(super) async fn a_device_is_renamed(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let phone = given_device(store, &alice, "PHONE").await?;
    let mut uow = write(store).await?;
    assert!(
        !uow.devices()
            .rename(&alice, &device_id("X"), Some(&display_name("N")))
            .await?
    );
    assert!(
        uow.devices()
            .rename(&alice, &phone, Some(&display_name("N")))
            .await?
    );
    let named = uow
        .devices()
        .find(&alice, &phone)
        .await?
        .and_then(|device| device.display_name);
    assert_eq!(named.as_deref(), Some("N"));
    assert!(uow.devices().rename(&alice, &phone, None).await?);
    let named = uow
        .devices()
        .find(&alice, &phone)
        .await?
        .and_then(|device| device.display_name);
    assert_eq!(named, None);
    Ok(())
}

pub(super) async fn removed_devices_are_counted_and_unknown_ones_passed_over(
    store: &dyn Store,
) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bob = given_user(store, "bob").await?;
    for id in ["A", "B", "C"] {
        given_device(store, &alice, id).await?;
        given_device(store, &bob, id).await?;
    }
    let mut doomed: Vec<_> = (0..3_000).map(|n| device_id(&n.to_string())).collect();
    doomed.extend(["C", "A", "A"].map(device_id));
    let mut uow = write(store).await?;
    assert_eq!(uow.devices().remove(&alice, &[]).await?, 0);
    assert_eq!(uow.devices().remove(&alice, &doomed).await?, 2);
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(reader.devices().list(&alice).await?.len(), 1);
    assert_eq!(reader.devices().list(&bob).await?.len(), 3);
    Ok(())
}

pub(super) async fn all_devices_of_an_account_are_removed(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bob = given_user(store, "bob").await?;
    given_device(store, &alice, "A").await?;
    given_device(store, &alice, "B").await?;
    given_device(store, &bob, "A").await?;
    let mut uow = write(store).await?;
    assert_eq!(uow.devices().remove_all(&alice).await?, 2);
    assert_eq!(uow.devices().remove_all(&alice).await?, 0);
    uow.commit().await?;
    assert_eq!(read(store).await?.devices().list(&bob).await?.len(), 1);
    Ok(())
}

pub(super) async fn all_devices_of_an_account_but_one_are_removed(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bob = given_user(store, "bob").await?;
    let kept = given_device(store, &alice, "A").await?;
    given_device(store, &alice, "B").await?;
    given_device(store, &alice, "a").await?;
    given_device(store, &bob, "B").await?;
    let mut uow = write(store).await?;
    assert_eq!(uow.devices().remove_others(&alice, &kept).await?, 2);
    assert_eq!(uow.devices().remove_others(&alice, &kept).await?, 0);
    uow.commit().await?;
    let mut reader = read(store).await?;
    let left = reader.devices().list(&alice).await?;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].device_id, kept);
    assert_eq!(reader.devices().list(&bob).await?.len(), 1);
    Ok(())
}

pub(super) async fn tokens_go_with_their_device(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let phone = given_device(store, &alice, "PHONE").await?;
    let mut uow = write(store).await?;
    let refresh = NewRefreshToken {
        digest: digest("refresh"),
        localpart: alice.clone(),
        device_id: phone.clone(),
        expires: None,
        session_expires: None,
        lineage: None,
    };
    let refresh_token = Some(uow.tokens().add_refresh(&refresh).await?);
    let access = NewAccessToken {
        digest: digest("beside it"),
        localpart: alice.clone(),
        device_id: Some(phone.clone()),
        issued: at(1),
        expires: None,
        refresh_token,
        made_by: None,
    };
    uow.tokens().add_access(&access).await?;
    let alone = NewAccessToken {
        digest: digest("alone"),
        refresh_token: None,
        ..access
    };
    uow.tokens().add_access(&alone).await?;
    let deviceless = NewAccessToken {
        digest: digest("deviceless"),
        device_id: None,
        ..alone
    };
    uow.tokens().add_access(&deviceless).await?;
    assert_eq!(uow.devices().remove(&alice, &[phone]).await?, 1);
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(
        reader.tokens().find_access(&digest("beside it")).await?,
        None
    );
    assert_eq!(reader.tokens().find_access(&digest("alone")).await?, None);
    assert_eq!(
        reader.tokens().find_refresh(&digest("refresh")).await?,
        None
    );
    assert!(
        reader
            .tokens()
            .find_access(&digest("deviceless"))
            .await?
            .is_some()
    );
    Ok(())
}
