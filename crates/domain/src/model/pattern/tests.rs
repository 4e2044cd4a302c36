use super::{Matching, Pattern};

/// What Python's `re.match` says to the same.
#[test]
fn patterns_match_as_in_python() {
    let rows = [
        // From the first character, not to the last.
        ("ab", "abc", true),
        ("ab", "xab", false),
        ("a|b", "xb", false),
        ("^ab$", "ab", true),
        (r"ab\Z", "ab", true),
        (r"ab\Z", "abc", false),
        (r"ab\Z", "ab\n", false),
        ("", "anything", true),
        // Look-around and back-references.
        (
            r"^(?!.*@(trash|throwaway)\.example$).+$",
            "a@good.example",
            true,
        ),
        (
            r"^(?!.*@(trash|throwaway)\.example$).+$",
            "a@trash.example",
            false,
        ),
        (r".*(?<!\.invalid)$", "a@b.invalid", false),
        (r".*(?<!\.invalid)$", "a@b.example", true),
        (r"(.)\1", "aab", true),
        (r"(.)\1", "aba", false),
        (r"(?P<c>.)(?P=c)", "aa", true),
        (r"(?P<c>.)(?P=c)", "ab", false),
        (r"(a)?(?(1)b|c)", "ab", true),
        (r"(a)?(?(1)b|c)", "c", true),
        (r"(a)?(?(1)b|c)$", "ac", false),
        // Flags.
        ("(?i)ALICE", "alice", true),
        ("(?i:AL)ice", "alice", true),
        ("(?i:AL)ice", "alICE", false),
        ("(?s)a.b", "a\nb", true),
        ("a.b", "a\nb", false),
        ("(?m)a$", "a\nb", true),
        ("(?x) a b # ( the rest [ is \\h a comment", "ab", true),
        ("(?x) a [ ] b", "a b", true),
        ("a(?# a comment )b", "ab", true),
        // Sets.
        ("[]a]+$", "]a", true),
        ("[^]a]", "]", false),
        ("[[a]+$", "[a", true),
        ("[a&&b]+$", "a&b", true),
        ("[+--]+$", "+,-", true),
        ("[a~~b]+$", "~", true),
        (r"[\b]", "\u{8}", true),
        (r"[\w.+-]+@", "a.b+c-d@", true),
        (r"[\]\-]+$", "]-", true),
        // Braces.
        ("a{2}$", "aa", true),
        ("a{,2}$", "a", true),
        ("a{1,}$", "aaa", true),
        ("a{,}$", "aaa", true),
        ("a{b}$", "a{b}", true),
        ("{a", "{a", true),
        ("a{1", "a{1", true),
        ("a{}$", "a{}", true),
        // Escapes.
        (r"\@\-\_\#\:\/\<\>\ \!$", "@-_#:/<> !", true),
        (r"\.", "x", false),
        (r"\x41\u00e4\0\011", "Aä\0\t", true),
        (r"\a\f\v\t", "\u{7}\u{c}\u{b}\t", true),
        (r"\ä", "ä", true),
        (r"\d+$", "١٢", true),
        (r"\w+$", "äß", true),
        (r"\bab\b", "ab c", true),
        (r"a*+b", "aab", true),
        (r"(?>a+)b", "aab", true),
    ];
    for (pattern, text, expected) in rows {
        let expected = if expected {
            Matching::Match
        } else {
            Matching::NoMatch
        };
        let parsed = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        assert_eq!(parsed.matches(text), expected, "{pattern} on {text:?}");
        assert_eq!(parsed.as_str(), pattern);
    }
}

#[test]
fn what_python_refuses_is_refused() {
    for pattern in [
        "(", ")", "[a", "*a", r"a\", r"\h", r"\K", r"\G", r"\R", r"\e", r"\p{L}", r"(?P=x)", r"\1",
        "(?#", "[b-a]",
    ] {
        assert!(Pattern::parse(pattern).is_err(), "{pattern}");
    }
    let long = "a".repeat(super::MAX_PATTERN_BYTES + 1);
    assert!(Pattern::parse(&long).is_err());
}

#[test]
fn what_only_python_has_is_named() {
    let error = Pattern::parse("(?a)x").unwrap_err().to_string();
    assert!(error.contains("flags"), "{error}");
    let error = Pattern::parse(r"\N{DIGIT ONE}").unwrap_err().to_string();
    assert!(error.contains(r"`\N`"), "{error}");
}

#[test]
fn a_comparison_that_never_ends_is_given_up() {
    let pattern = Pattern::parse(r"(a|b|ab)*(?=c)").unwrap();
    assert_eq!(pattern.matches(&"ab".repeat(60)), Matching::TooExpensive);
}
