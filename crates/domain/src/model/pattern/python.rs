//! Python's syntax of regular expressions in that of the engine.
//!
//! The two agree on most of it. This module rewrites what they read differently and refuses what
//! Python refuses where the engine would read something else into it.
//!
//! Python's syntax: <https://docs.python.org/3/library/re.html#regular-expression-syntax>

use std::iter::Peekable;
use std::str::Chars;

/// The same pattern for the engine, or what is wrong with it.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translation = Translation {
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() + 8),
        verbose: false,
    };
    while let Some(c) = translation.rest.next() {
        match c {
            '\\' => translation.escape(Place::Outside)?,
            '[' => translation.class()?,
            '{' => translation.brace(),
            '(' => translation.group()?,
            '#' if translation.verbose => translation.comment(),
            c => translation.out.push(c),
        }
    }
    if translation.verbose {
        // A comment at the end must not swallow what is put around the pattern.
        translation.out.push('\n');
    }
    Ok(translation.out)
}

/// Where an escape stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    InClass,
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    /// Whether the flag `x` occurs, under which white space and comments are no part of the pattern.
    verbose: bool,
}

impl Translation<'_> {
    /// What follows a backslash.
    fn escape(&mut self, place: Place) -> Result<(), String> {
        let Some(c) = self.rest.next() else {
            return Err("it ends in a backslash".to_owned());
        };
        match (c, place) {
            // Python's end of the string, without tolerance for a line end before it.
            ('Z', Place::Outside) => self.out.push_str(r"\z"),
            ('a', _) => self.out.push_str(r"\x07"),
            ('f', _) => self.out.push_str(r"\x0C"),
            ('v', _) => self.out.push_str(r"\x0B"),
            ('b', Place::InClass) => self.out.push_str(r"\x08"),
            ('0', _) => self.octal(0),
            ('1'..='7', Place::InClass) => self.octal(c.to_digit(8).unwrap_or_default()),
            ('A' | 'b' | 'B' | '1'..='9', Place::Outside)
            | ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 't' | 'r' | 'n' | 'x' | 'u' | 'U', _) => {
                self.out.push('\\');
                self.out.push(c);
            }
            (c, _) if c.is_ascii_alphanumeric() => {
                return Err(format!(
                    r"`\{c}` has no meaning in a regular expression of Python's"
                ));
            }
            (c, _) => self.literal(c),
        }
        Ok(())
    }

    /// A character that stands for itself.
    fn literal(&mut self, c: char) {
        match c {
            // The engine gives some escaped punctuation a meaning of its own.
            '<' | '>' | '\'' | '"' | '`' | '@' | '/' | ':' | ';' | ',' | '=' | '!' | '%' | '_' => {
                self.out.push(c);
            }
            c if c.is_ascii_punctuation() => {
                self.out.push('\\');
                self.out.push(c);
            }
            c if c.is_ascii() => self.out.push_str(&format!(r"\x{:02X}", u32::from(c))),
            c => self.out.push(c),
        }
    }

    /// Up to two more octal digits.
    fn octal(&mut self, mut value: u32) {
        for _ in 0..2 {
            match self.rest.peek().and_then(|c| c.to_digit(8)) {
                Some(digit) => {
                    value = value * 8 + digit;
                    self.rest.next();
                }
                None => break,
            }
        }
        self.out.push_str(&format!(r"\x{{{value:X}}}"));
    }

    /// A comment up to the end of its line, which may hold anything.
    fn comment(&mut self) {
        self.rest.by_ref().take_while(|c| *c != '\n').for_each(drop);
    }

    /// A set of characters; in Python it has neither sets inside nor operators between them.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        // At the beginning a bracket stands for itself.
        if self.rest.next_if_eq(&']').is_some() {
            self.out.push_str(r"\]");
        }
        loop {
            match self.rest.next() {
                None => return Err("a set of characters has no `]`".to_owned()),
                Some(']') => break,
                Some('\\') => self.escape(Place::InClass)?,
                Some('-') => {
                    self.out.push('-');
                    if self.rest.next_if_eq(&'-').is_some() {
                        self.out.push_str(r"\-");
                    }
                }
                Some(c @ ('[' | '&' | '~')) => {
                    self.out.push('\\');
                    self.out.push(c);
                }
                // Under the engine's flag `x` white space in a set does not count; in Python's it does.
                Some(c @ (' ' | '#' | '\t' | '\n' | '\r')) => {
                    self.out.push_str(&format!(r"\x{:02X}", u32::from(c)));
                }
                Some(c) => self.out.push(c),
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// A brace counts repetitions only if it is complete; else it stands for itself.
    fn brace(&mut self) {
        let mut ahead = self.rest.clone();
        let inside: String = ahead
            .by_ref()
            .take_while(|c| c.is_ascii_digit() || *c == ',')
            .collect();
        let mut check = self.rest.clone();
        let closes = check.nth(inside.chars().count()) == Some('}');
        let counts = match inside.split_once(',') {
            None => !inside.is_empty(),
            Some((_, most)) => !most.contains(','),
        };
        if !(closes && counts) {
            self.out.push_str(r"\{");
            return;
        }
        self.rest = check;
        let inside = match inside.strip_prefix(',') {
            Some(most) => format!("0,{most}"),
            None => inside,
        };
        self.out.push_str(&format!("{{{inside}}}"));
    }

    /// What follows an opening parenthesis, as far as it needs a look.
    fn group(&mut self) -> Result<(), String> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('?') {
            self.out.push('(');
            return Ok(());
        }
        if ahead.peek() == Some(&'#') {
            return match ahead.find(|c| *c == ')') {
                Some(_) => {
                    self.rest = ahead;
                    Ok(())
                }
                None => Err("a comment has no `)`".to_owned()),
            };
        }
        let flags: String = ahead
            .take_while(|c| c.is_ascii_alphabetic() || *c == '-')
            .collect();
        // `(?P<name>…)` and `(?P=name)` are no flags.
        if !flags.is_empty() && flags != "P" {
            if flags.contains(['a', 'L']) {
                return Err("the flags `a` and `L` are not supported".to_owned());
            }
            self.verbose |= flags.split('-').next().is_some_and(|on| on.contains('x'));
        }
        self.out.push('(');
        Ok(())
    }
}
