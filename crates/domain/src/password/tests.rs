use super::argon2id::{Cost, Memory, Stored, hash};
use super::*;
use crate::ports::Verification;
use crate::ports::entropy::SeededEntropy;

const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

fn prepared(password: &str, pepper: &str) -> Secret<Vec<u8>> {
    prepare(
        &Password::parse(password).unwrap(),
        &Pepper::new(pepper.to_owned()),
    )
}

fn check(password: &str, hash: &PasswordHash, cost: &Cost) -> Result<Verification, BadHash> {
    verify(
        &prepared(password, ""),
        hash,
        cost,
        &mut Memory::new(cost, 64),
    )
}

#[test]
fn argon2id_round_trip() {
    let mut memory = Memory::new(&CHEAP, 64);
    let hash = hash(
        &prepared("pass", ""),
        &CHEAP,
        &SeededEntropy::new(1),
        &mut memory,
    )
    .unwrap();
    assert!(
        hash.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"),
        "{}",
        hash.expose()
    );
    assert_eq!(check("pass", &hash, &CHEAP), Ok(Verification::Match));
    assert_eq!(check("other", &hash, &CHEAP), Ok(Verification::Mismatch));
}

#[test]
fn a_change_of_cost_makes_hashes_outdated() {
    let mut memory = Memory::new(&CHEAP, 64);
    let hash = hash(
        &prepared("pass", ""),
        &CHEAP,
        &SeededEntropy::new(1),
        &mut memory,
    )
    .unwrap();
    let dearer = Cost { passes: 2, ..CHEAP };
    assert_eq!(
        check("pass", &hash, &dearer),
        Ok(Verification::MatchOutdated)
    );
}

/// Made with the reference library of argon2 (`argon2-cffi`), so the text form is really shared.
#[test]
fn hashes_of_other_argon2_implementations_verify() {
    let stored = PasswordHash::from_stored(
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$55PWTvddWPUD1GMbKxSff4ASfF85k9ibHJt4HlHQtBM".to_owned(),
    );
    let outcome = check("password", &stored, &CHEAP);
    assert!(
        matches!(outcome, Ok(Verification::MatchOutdated)),
        "{outcome:?}"
    );
}

#[test]
fn bcrypt_hashes_verify_and_are_outdated() {
    let hash = |password: &str| PasswordHash::from_stored(::bcrypt::hash(password, 4).unwrap());
    assert_eq!(
        check("pass", &hash("pass"), &CHEAP),
        Ok(Verification::MatchOutdated)
    );
    assert_eq!(
        check("other", &hash("pass"), &CHEAP),
        Ok(Verification::Mismatch)
    );
    let long = "x".repeat(100);
    assert_eq!(
        check(&long, &hash(&long), &CHEAP),
        Ok(Verification::MatchOutdated)
    );
}

#[test]
fn unusable_hashes_are_errors() {
    for text in [
        "",
        "x",
        "$2b$",
        "$2b$04$short",
        "$argon2id$",
        "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA",
        "$argon2id$v=19$m=8,t=1,p=1,q=1$c29tZXNhbHRzb21l$AAAA",
        "$argon2id$v=19$m=8,t=1,p=1$ü$AAAA",
        "$argon2id$v=19$m=0,t=0,p=0$c29tZXNhbHRzb21l$AAAAAAAAAAA",
        "$2b$31$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde",
    ] {
        let stored = PasswordHash::from_stored(text.to_owned());
        assert!(check("pass", &stored, &CHEAP).is_err(), "{text}");
    }
    for costly in [
        "$2b$31$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde",
        "$argon2id$v=19$m=64,t=2000000,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAA",
    ] {
        let outcome = check(
            "pass",
            &PasswordHash::from_stored(costly.to_owned()),
            &CHEAP,
        );
        assert_eq!(outcome, Err(BadHash::TooCostly), "{costly}");
    }
    let hungry = "$argon2id$v=19$m=4000000,t=1,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAA";
    let outcome = check(
        "pass",
        &PasswordHash::from_stored(hungry.to_owned()),
        &CHEAP,
    );
    assert!(
        matches!(outcome, Err(BadHash::TooMuchMemory { .. })),
        "{outcome:?}"
    );
}

#[test]
fn preparation_normalizes_peppers_and_cuts() {
    let text = |password, pepper| prepared(password, pepper).expose().clone();
    assert_eq!(text("ﬁ①", ""), "fi1".as_bytes());
    assert_eq!(text("a", "pepper"), b"apepper");
    assert_eq!(text(&"x".repeat(80), "pepper"), "x".repeat(72).as_bytes());
    assert_eq!(Stored::parse("").map(|_| ()), Err(BadHash::Unknown));
}

#[test]
fn limits_of_a_password() {
    assert!(Password::parse(&"ü".repeat(512)).is_ok());
    assert_eq!(
        Password::parse(&"ü".repeat(513)),
        Err(PasswordError::TooLong)
    );
    assert_eq!(Password::parse("a\0b"), Err(PasswordError::Nul));
    assert!(!format!("{:?}", Password::parse("hunter2")).contains("hunter2"));
}
