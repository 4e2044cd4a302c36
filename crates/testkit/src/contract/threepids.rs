use super::{Constraint, Outcome, assert_conflict, at, given_user, localpart, read, write};
use registrar_domain::model::threepid::{AccountThreepid, Medium, Threepid};
use registrar_domain::ports::store::Store;

fn threepid(medium: Medium, address: &str) -> AccountThreepid {
    AccountThreepid {
        threepid: Threepid::from_canonical(medium, address.to_owned()),
        validated: at(3),
        added: at(4),
    }
}

pub(super) async fn a_threepid_comes_back_with_its_owner(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let mail = threepid(
        Medium::Email,
        &format!("{}@bücher.example", "ü".repeat(240)),
    );
    let mut uow = write(store).await?;
    uow.threepids().add(&alice, &mail).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(
        reader.threepids().find_owner(&mail.threepid).await?,
        Some(alice.clone())
    );
    let number = Threepid::from_canonical(Medium::Msisdn, mail.threepid.address().to_owned());
    assert_eq!(reader.threepids().find_owner(&number).await?, None);
    assert_eq!(reader.threepids().list(&alice).await?, [mail]);
    assert_eq!(reader.threepids().list(&localpart("bob")).await?, []);
    Ok(())
}

pub(super) async fn a_threepid_has_one_owner(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bob = given_user(store, "bob").await?;
    let mail = threepid(Medium::Email, "a@example.org");
    let mut uow = write(store).await?;
    uow.threepids().add(&alice, &mail).await?;
    uow.commit().await?;
    for who in [&bob, &alice] {
        let again = write(store).await?.threepids().add(who, &mail).await;
        assert_conflict(again, Constraint::ThreepidTaken);
    }
    assert_eq!(
        read(store)
            .await?
            .threepids()
            .find_owner(&mail.threepid)
            .await?,
        Some(alice)
    );
    Ok(())
}

pub(super) async fn a_threepid_needs_its_account(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    let mail = threepid(Medium::Email, "a@example.org");
    let added = uow.threepids().add(&localpart("nobody"), &mail).await;
    assert_conflict(added, Constraint::MissingReference);
    Ok(())
}

pub(super) async fn threepids_are_listed_by_medium_and_address(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let mut uow = write(store).await?;
    let ordered = [
        threepid(Medium::Email, "B@x"),
        threepid(Medium::Email, "a@x"),
        threepid(Medium::Email, "b@x"),
        threepid(Medium::Msisdn, "447700900001"),
    ];
    for which in [3, 1, 0, 2] {
        uow.threepids().add(&alice, &ordered[which]).await?;
    }
    assert_eq!(uow.threepids().list(&alice).await?, ordered);
    Ok(())
}

pub(super) async fn a_threepid_is_taken_away_from_its_owner_alone(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bob = given_user(store, "bob").await?;
    let mail = threepid(Medium::Email, "a@x");
    let other = threepid(Medium::Email, "b@x");
    let mut uow = write(store).await?;
    uow.threepids().add(&alice, &mail).await?;
    uow.threepids().add(&alice, &other).await?;
    let threepids = uow.threepids();
    assert!(!threepids.remove(&bob, &mail.threepid).await?);
    assert!(threepids.remove(&alice, &mail.threepid).await?);
    assert!(!threepids.remove(&alice, &mail.threepid).await?);
    threepids.add(&bob, &mail).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(reader.threepids().list(&alice).await?, [other]);
    assert_eq!(reader.threepids().list(&bob).await?, [mail]);
    Ok(())
}

pub(super) async fn all_threepids_of_an_account_are_taken_away(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let bob = given_user(store, "bob").await?;
    let mut uow = write(store).await?;
    for (owner, address) in [(&alice, "a@x"), (&alice, "b@x"), (&bob, "c@x")] {
        let mail = threepid(Medium::Email, address);
        uow.threepids().add(owner, &mail).await?;
    }
    assert_eq!(uow.threepids().remove_all(&alice).await?, 2);
    assert_eq!(uow.threepids().remove_all(&alice).await?, 0);
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(reader.threepids().list(&alice).await?, []);
    assert_eq!(reader.threepids().list(&bob).await?.len(), 1);
    Ok(())
}
