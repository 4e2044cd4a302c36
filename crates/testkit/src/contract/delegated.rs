use super::{Outcome, at, read, write};
use registrar_domain::model::threepid::{ClientSecret, Medium, ProofDigest, Purpose, Unasked};
use registrar_domain::ports::store::Store;

pub(super) fn proof(sid: &str) -> ProofDigest {
    let secret = ClientSecret::parse("secret").expect("this is of the grammar");
    ProofDigest::of("https://is.example.org", sid, &secret)
}

const GIVING: &[Purpose] = &[Purpose::Registration, Purpose::Addition];
const RESET: &[Purpose] = &[Purpose::PasswordReset];

pub(super) async fn a_proof_of_an_identity_server_is_used_once_for_its_purpose(
    store: &dyn Store,
) -> Outcome {
    use Unasked::{Accepted, Refused};
    let mut uow = write(store).await?;
    let proofs = uow.validations();
    for (sid, purpose) in [("registration", GIVING[0]), ("reset", RESET[0])] {
        proofs
            .record_delegated_purpose(&proof(sid), purpose, at(100))
            .await?;
    }
    uow.commit().await?;
    let rows = [
        ("registration", RESET, Refused, false),
        ("registration", RESET, Accepted, false),
        ("registration", &[], Accepted, false),
        ("registration", GIVING, Accepted, true),
        ("registration", GIVING, Accepted, false),
        ("reset", GIVING, Accepted, false),
        ("reset", RESET, Refused, true),
        ("reset", RESET, Refused, false),
        ("unknown", RESET, Refused, false),
        ("unknown", GIVING, Accepted, true),
        ("unknown", GIVING, Accepted, false),
        ("unknown", &Purpose::ALL, Accepted, false),
    ];
    for (sid, purposes, unasked, expected) in rows {
        let mut uow = write(store).await?;
        let used = uow
            .validations()
            .consume_delegated(&proof(sid), purposes, unasked, at(100))
            .await?;
        uow.commit().await?;
        assert_eq!(used, expected, "{sid} {purposes:?} {unasked:?}");
    }
    // What is undone was not used.
    for _ in 0..2 {
        let mut uow = write(store).await?;
        let used = uow
            .validations()
            .consume_delegated(&proof("undone"), GIVING, Accepted, at(100))
            .await?;
        assert!(used);
    }
    Ok(())
}

pub(super) async fn the_first_purpose_of_a_delegated_proof_stands(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    let proofs = uow.validations();
    for purpose in [Purpose::Registration, Purpose::PasswordReset] {
        proofs
            .record_delegated_purpose(&proof("1"), purpose, at(100))
            .await?;
    }
    let as_reset = proofs
        .consume_delegated(&proof("1"), RESET, Unasked::Refused, at(100))
        .await?;
    assert!(!as_reset);
    let as_registration = proofs
        .consume_delegated(&proof("1"), GIVING, Unasked::Accepted, at(100))
        .await?;
    assert!(as_registration);
    // Asking once more makes no new proof of it.
    proofs
        .record_delegated_purpose(&proof("1"), Purpose::Registration, at(100))
        .await?;
    let again = proofs
        .consume_delegated(&proof("1"), GIVING, Unasked::Accepted, at(100))
        .await?;
    assert!(!again);
    Ok(())
}

pub(super) async fn expired_delegated_proofs_are_removed_up_to_a_limit(
    store: &dyn Store,
) -> Outcome {
    let mut uow = write(store).await?;
    let proofs = uow.validations();
    for (sid, expires) in [("a", 10), ("b", 20), ("c", 30), ("d", 40)] {
        let purpose = Purpose::Registration;
        proofs
            .record_delegated_purpose(&proof(sid), purpose, at(expires))
            .await?;
    }
    // Its use is remembered for as long as it could be repeated.
    let used = proofs
        .consume_delegated(&proof("a"), GIVING, Unasked::Accepted, at(50))
        .await?;
    assert!(used);
    for (now, limit, removed) in [(20, 9, 0), (31, 0, 0), (31, 1, 1), (31, 9, 1), (31, 9, 0)] {
        let found = proofs
            .remove_expired_delegated(at(now), at(0), limit)
            .await?;
        assert_eq!(found, removed, "at {now}, up to {limit}");
    }
    let again = proofs
        .consume_delegated(&proof("a"), GIVING, Unasked::Accepted, at(50))
        .await?;
    assert!(!again);
    assert_eq!(proofs.remove_expired_delegated(at(51), at(0), 9).await?, 2);
    Ok(())
}

pub(super) async fn messages_are_counted_up_to_a_limit_in_each_window(
    store: &dyn Store,
) -> Outcome {
    let rows = [
        (Medium::Email, 0, 2, true),
        (Medium::Email, 0, 2, true),
        (Medium::Email, 0, 2, false),
        (Medium::Email, 0, 0, false),
        (Medium::Msisdn, 0, 1, true),
        (Medium::Msisdn, 0, 1, false),
        (Medium::Email, 60, 1, true),
        (Medium::Email, 60, 1, false),
        // The operator allows more.
        (Medium::Email, 0, 3, true),
        (Medium::Email, 120, 0, false),
    ];
    for (n, (medium, window, limit, expected)) in rows.into_iter().enumerate() {
        let mut uow = write(store).await?;
        let counted = uow
            .validations()
            .count_message(medium, at(window), limit)
            .await?;
        uow.commit().await?;
        assert_eq!(counted, expected, "row {n}");
    }
    let mut uow = write(store).await?;
    let removed = uow
        .validations()
        .remove_expired_delegated(at(0), at(60), 9)
        .await?;
    assert_eq!(removed, 2, "those of the first window");
    assert!(
        !uow.validations()
            .count_message(Medium::Email, at(60), 1)
            .await?
    );
    drop(uow);
    let mut reader = read(store).await?;
    let refused = reader
        .validations()
        .count_message(Medium::Email, at(0), 9)
        .await;
    assert!(refused.is_err(), "the intent was to read");
    Ok(())
}
