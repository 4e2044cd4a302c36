//! `%(name)s`: the small part of Python's string formatting that subjects and senders use.

/// The text is not a format with these variables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PercentError {
    /// There is no such variable.
    #[error("unknown variable `{0}`")]
    UnknownVariable(String),
    /// A percent sign starts nothing known.
    #[error("a `%` must start `%(name)s`, or be doubled")]
    Syntax,
}

/// Fills `variables` into `format`.
///
/// # Errors
/// [`PercentError`].
pub(crate) fn fill(format: &str, variables: &[(&str, &str)]) -> Result<String, PercentError> {
    let mut filled = String::with_capacity(format.len());
    let mut rest = format;
    while let Some((literal, after)) = rest.split_once('%') {
        filled.push_str(literal);
        if let Some(after) = after.strip_prefix('%') {
            filled.push('%');
            rest = after;
            continue;
        }
        let (name, after) = after
            .strip_prefix('(')
            .and_then(|a| a.split_once(")s"))
            .ok_or(PercentError::Syntax)?;
        let value = variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value);
        filled.push_str(value.ok_or_else(|| PercentError::UnknownVariable(name.to_owned()))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_once() {
        let variables = [("app", "A %(x)s"), ("x", "y")];
        let unknown = |name: &str| Err(PercentError::UnknownVariable(name.to_owned()));
        let rows: &[(&str, Result<&str, PercentError>)] = &[
            ("", Ok("")),
            ("plain", Ok("plain")),
            ("%(app)s: %(x)s!", Ok("A %(x)s: y!")),
            ("100%%", Ok("100%")),
            ("%%(app)s", Ok("%(app)s")),
            ("%(nope)s", unknown("nope")),
            ("%", Err(PercentError::Syntax)),
            ("%(app)d", Err(PercentError::Syntax)),
            ("%(app", Err(PercentError::Syntax)),
            ("%s", Err(PercentError::Syntax)),
        ];
        for (format, expected) in rows {
            let filled = fill(format, &variables);
            assert_eq!(filled.as_deref(), expected.as_ref().copied(), "{format}");
        }
    }
}
