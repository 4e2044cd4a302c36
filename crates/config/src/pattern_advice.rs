//! What looks wrong with a pattern that can be read.
//!
//! A look at how a pattern begins and ends, enough to find the two mistakes that operators make: an
//! end that is left open, and telephone numbers in a form that no number has here. A pattern that is
//! too clever for it gets no advice.

/// Can the text go on behind a match, although the pattern names how it ends?
///
/// A pattern that ends in `.*` or `.+` is open on purpose.
pub(super) fn end_is_open(pattern: &str) -> bool {
    alternatives(pattern)
        .iter()
        .any(|atoms| ends_open(atoms.as_slice()))
}

/// Does some alternative begin with what no canonical telephone number begins with? Such a number is
/// a country code and the rest in digits, without `+`, `00`, or anything in between.
pub(super) fn begins_unlike_a_number(pattern: &str) -> bool {
    alternatives(pattern)
        .iter()
        .any(|atoms| begins_unlike(atoms.as_slice()))
}

/// The smallest parts of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Atom {
    /// `$`, `\Z`.
    End,
    /// `^`, `\A`, `\b`, a comment, flags: matches no character.
    Nothing,
    /// Look-around.
    Look,
    /// `.*`, `.+`, or a set with such a quantifier: takes what comes.
    Rest,
    /// A character that stands for itself, and must be there.
    Literal(char),
    /// The alternatives of a group that must match once.
    Group(String),
    /// Anything else.
    Other,
}

fn ends_open(atoms: &[Atom]) -> bool {
    let consuming = |atom: &&Atom| !matches!(atom, Atom::Nothing | Atom::Look);
    match atoms.iter().rev().find(consuming) {
        // An alternative that matches nothing at all matches the beginning of everything.
        None => true,
        Some(Atom::End | Atom::Rest) => false,
        Some(Atom::Group(inside)) => end_is_open(inside),
        Some(_) => true,
    }
}

fn begins_unlike(atoms: &[Atom]) -> bool {
    let consuming = |atom: &&Atom| !matches!(atom, Atom::Nothing | Atom::Look);
    match atoms.iter().find(consuming) {
        Some(Atom::Literal(c)) => !('1'..='9').contains(c),
        Some(Atom::Group(inside)) => begins_unlike_a_number(inside),
        _ => false,
    }
}

/// The alternatives of a pattern, each as its parts in order.
fn alternatives(pattern: &str) -> Vec<Vec<Atom>> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut found = vec![Vec::new()];
    let mut at = 0;
    while at < chars.len() {
        if chars[at] == '|' {
            found.push(Vec::new());
            at += 1;
            continue;
        }
        let (atom, end) = atom(&chars, at);
        let (quantifier, end) = quantifier(&chars, end);
        let atom = match (atom, quantifier) {
            (atom, Quantifier::Once) => atom,
            (Atom::Other, Quantifier::Unbounded) => Atom::Rest,
            _ => Atom::Other,
        };
        if let Some(atoms) = found.last_mut() {
            atoms.push(atom);
        }
        at = end;
    }
    found
}

/// The part that begins at `at`, and where it ends.
fn atom(chars: &[char], at: usize) -> (Atom, usize) {
    match chars[at] {
        '^' => (Atom::Nothing, at + 1),
        '$' => (Atom::End, at + 1),
        '.' => (Atom::Other, at + 1),
        '\\' => {
            let atom = match chars.get(at + 1) {
                Some('Z' | 'z') => Atom::End,
                Some('A' | 'b' | 'B') => Atom::Nothing,
                Some(c) if !c.is_ascii_alphanumeric() => Atom::Literal(*c),
                _ => Atom::Other,
            };
            (atom, at + 2)
        }
        '[' => {
            let end = class_end(chars, at);
            let inside = &chars[at + 1..end.saturating_sub(1).max(at + 1)];
            match inside {
                [c] if *c != '^' => (Atom::Literal(*c), end),
                _ => (Atom::Other, end),
            }
        }
        '(' => group(chars, at),
        c => (Atom::Literal(c), at + 1),
    }
}

fn group(chars: &[char], at: usize) -> (Atom, usize) {
    let end = group_end(chars, at);
    let inside: String = chars[at + 1..end.saturating_sub(1).max(at + 1)]
        .iter()
        .collect();
    let atom = match inside.strip_prefix('?') {
        None => Atom::Group(inside),
        Some(rest) if rest.starts_with(['=', '!']) => Atom::Look,
        Some(rest) if rest.starts_with("<=") || rest.starts_with("<!") => Atom::Look,
        Some(rest) if rest.starts_with('#') => Atom::Nothing,
        Some(rest) => match (rest.strip_prefix("P<"), rest.split_once(':')) {
            (Some(named), _) => named
                .split_once('>')
                .map_or(Atom::Other, |(_, inside)| Atom::Group(inside.to_owned())),
            (None, Some((flags, inside))) if is_flags(flags) => Atom::Group(inside.to_owned()),
            (None, None) if is_flags(rest) => Atom::Nothing,
            _ => Atom::Other,
        },
    };
    (atom, end)
}

fn is_flags(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// Behind the bracket that closes the set which begins at `at`.
fn class_end(chars: &[char], at: usize) -> usize {
    let mut end = at + 1;
    if chars.get(end) == Some(&'^') {
        end += 1;
    }
    if chars.get(end) == Some(&']') {
        end += 1;
    }
    while end < chars.len() {
        match chars[end] {
            '\\' => end += 2,
            ']' => return end + 1,
            _ => end += 1,
        }
    }
    chars.len()
}

/// Behind the parenthesis that closes the group which begins at `at`.
fn group_end(chars: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut end = at;
    while end < chars.len() {
        match chars[end] {
            '\\' => {
                end += 2;
                continue;
            }
            '[' => {
                end = class_end(chars, end);
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        end += 1;
        if depth == 0 {
            return end;
        }
    }
    chars.len()
}

enum Quantifier {
    Once,
    /// `*`, `+`, `{n,}`.
    Unbounded,
    Other,
}

/// The quantifier at `at`, if there is one, and where it ends.
fn quantifier(chars: &[char], at: usize) -> (Quantifier, usize) {
    let (found, mut end) = match chars.get(at) {
        Some('*' | '+') => (Quantifier::Unbounded, at + 1),
        Some('?') => (Quantifier::Other, at + 1),
        Some('{') => match chars[at..].iter().position(|c| *c == '}') {
            Some(length) if chars[at + length - 1] == ',' => {
                (Quantifier::Unbounded, at + length + 1)
            }
            Some(length) => (Quantifier::Other, at + length + 1),
            None => return (Quantifier::Once, at),
        },
        _ => return (Quantifier::Once, at),
    };
    if matches!(chars.get(end), Some('?' | '+')) {
        end += 1;
    }
    (found, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_whose_end_is_open() {
        let rows = [
            (r"^[^@]+@example\.org$", false),
            (r"^[^@]+@example\.org", true),
            (r".*@example\.org\Z", false),
            (r"@example\.org|.*@example\.net$", true),
            (r".*@(example\.org|example\.net)$", false),
            (r".*@(example\.org$|example\.net$)", false),
            (r".*@(?:example\.org$|example\.net)", true),
            (r".*@(?P<host>example\.org)", true),
            (r"(?i).*@example\.org", true),
            (r"^(?!.*@(trash|throwaway)\.example$).+$", false),
            (r"^(?!.*@trash\.example$).+", false),
            (r"^(?!.*@trash\.example$)", true),
            (r".+@example\.org(?<!x)", true),
            (r"alice@.*", false),
            (r"alice@.{3,}", false),
            (r"a\$", true),
            (r"a[$]", true),
            ("49", true),
            (r"49\d+", false),
            (r"49\d{8}", true),
            ("", true),
        ];
        for (pattern, expected) in rows {
            assert_eq!(end_is_open(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn patterns_that_begin_like_no_number() {
        let rows = [
            (r"^\+49\d+$", true),
            (r"[+]49", true),
            (r"(\+49|\+43)\d+", true),
            (r"(?:\+|00)49", true),
            ("0049.*", true),
            (r"\+?49\d+$", false),
            (r"^49\d+$", false),
            (r"(49|43)\d+", false),
            (r"\d+", false),
            ("[0-9]+", false),
            (".*", false),
            (r"(\+)?49", false),
            (r"(?!\+).*", false),
        ];
        for (pattern, expected) in rows {
            assert_eq!(begins_unlike_a_number(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn odd_patterns_do_no_harm() {
        for pattern in [
            "(", "[", "\\", "a{", "(?", "(?P<", "()", "[]", "|", "a**", "(?:", ")",
        ] {
            let _ = (end_is_open(pattern), begins_unlike_a_number(pattern));
        }
    }
}
