use super::argon2id::{Cost, Memory, Stored, hash};
use super::*;
use crate::model::entropy::CountingEntropy;
use crate::model::password::Verification;

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
        &CountingEntropy::default(),
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
        &CountingEntropy::default(),
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
}

/// What argon2id, which takes any salt, makes of `input` under a salt of `salt_bytes`.
fn argon2id_of(input: &[u8], salt_bytes: usize) -> PasswordHash {
    use base64::Engine as _;
    let (salt, mut output) = (vec![b's'; salt_bytes], [0_u8; 32]);
    let params = ::argon2::Params::new(8, 1, 1, Some(output.len())).unwrap();
    ::argon2::Argon2::new(
        ::argon2::Algorithm::Argon2id,
        ::argon2::Version::V0x13,
        params,
    )
    .hash_password_into(input, &salt, &mut output)
    .unwrap();
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes);
    let (salt, output) = (encode(&salt), encode(&output));
    PasswordHash::from_stored(format!("$argon2id$v=19$m=8,t=1,p=1${salt}${output}"))
}

/// Rows: what was hashed (password and pepper), what is tried (password and pepper), and whether
/// that opens an argon2id hash of this server, a bcrypt hash of Synapse, and an argon2id hash over
/// the first 72 bytes alone.
#[test]
fn argon2id_counts_the_whole_password_and_pepper_and_bcrypt_72_bytes() {
    let x = |count: usize| "x".repeat(count);
    let y = |count: usize, tail: &str| format!("{}{tail}", x(count));
    let wide = |tail: &str| format!("{}{tail}", "€".repeat(24));
    // One code point that NFKC makes eighteen of, so that four of them are longer than 72 bytes.
    let expanding = |tail: &str| format!("{}{tail}", "\u{fdfa}".repeat(4));
    for (name, made, tried, whole, cut) in [
        ("short", (x(8), ""), (x(8), ""), true, true),
        ("71 bytes", (x(71), ""), (x(71), ""), true, true),
        ("71 and one more", (x(71), ""), (x(72), ""), false, false),
        ("72 bytes", (x(72), ""), (x(72), ""), true, true),
        ("72 and one more", (x(72), ""), (x(73), ""), false, true),
        ("one less than 73", (x(73), ""), (x(72), ""), false, true),
        (
            "another tail",
            (y(72, "tail"), ""),
            (y(72, "liat"), ""),
            false,
            true,
        ),
        ("the longest", (x(512), ""), (x(512), ""), true, true),
        (
            "one less than the longest",
            (x(512), ""),
            (x(511), ""),
            false,
            true,
        ),
        (
            "another first byte",
            (y(0, "ab"), ""),
            (y(0, "bb"), ""),
            false,
            false,
        ),
        (
            "wide characters",
            (wide("a"), ""),
            (wide("b"), ""),
            false,
            true,
        ),
        (
            "expanding characters",
            (expanding("a"), ""),
            (expanding("b"), ""),
            false,
            true,
        ),
        (
            "long with pepper",
            (x(80), "pepper"),
            (x(80), "pepper"),
            true,
            true,
        ),
        (
            "long with another pepper",
            (x(80), "pepper"),
            (x(80), "reppep"),
            false,
            true,
        ),
        (
            "long without its pepper",
            (x(80), "pepper"),
            (x(80), ""),
            false,
            true,
        ),
        (
            "pepper across the limit",
            (x(70), "pepper"),
            (x(70), "peqqer"),
            false,
            true,
        ),
        (
            "pepper before the limit",
            (x(60), "pepper"),
            (x(60), "reppep"),
            false,
            false,
        ),
    ] {
        let whole_hash = hash(
            &prepared(&made.0, made.1),
            &CHEAP,
            &CountingEntropy::default(),
            &mut Memory::new(&CHEAP, 64),
        )
        .unwrap();
        let input = prepared(&made.0, made.1).expose().clone();
        let cut_input = &input[..input.len().min(72)];
        let bcrypt_hash = PasswordHash::from_stored(::bcrypt::hash(cut_input, 4).unwrap());
        let opens = |hash: &PasswordHash| {
            verify(
                &prepared(&tried.0, tried.1),
                hash,
                &CHEAP,
                &mut Memory::new(&CHEAP, 64),
            )
            .unwrap()
        };
        let expected = |opened, verification| match opened {
            true => verification,
            false => Verification::Mismatch,
        };
        assert_eq!(
            opens(&whole_hash),
            expected(whole, Verification::Match),
            "{name}"
        );
        let outdated = expected(cut, Verification::MatchOutdated);
        assert_eq!(opens(&bcrypt_hash), outdated, "{name}, bcrypt");
        assert_eq!(
            opens(&argon2id_of(cut_input, 16)),
            outdated,
            "{name}, cut argon2id"
        );
    }
}

#[test]
fn argon2id_hashes_of_other_programs_over_the_whole_password_verify() {
    let long = "x".repeat(80);
    for salt_bytes in [8, 16, 32] {
        let hash = argon2id_of(long.as_bytes(), salt_bytes);
        assert_eq!(check(&long, &hash, &CHEAP), Ok(Verification::MatchOutdated));
        assert_eq!(
            check(&"x".repeat(79), &hash, &CHEAP),
            Ok(Verification::Mismatch)
        );
    }
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
fn preparation_normalizes_and_appends_the_pepper() {
    let text = |password, pepper| prepared(password, pepper).expose().clone();
    assert_eq!(text("ﬁ①", ""), "fi1".as_bytes());
    assert_eq!(text("a", "pepper"), b"apepper");
    assert_eq!(text(&"x".repeat(512), "pepper").len(), 518);
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
