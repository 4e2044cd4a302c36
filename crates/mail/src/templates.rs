//! Jinja templates: the operator's, and behind them the built-in ones.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, context,
};

/// The built-in templates. Their names are those that operators know.
const BUILT_IN: &[(&str, &str)] = &[
    ("_base.html", include_str!("../templates/_base.html")),
    ("_button.html", include_str!("../templates/_button.html")),
    (
        "registration.html",
        include_str!("../templates/registration.html"),
    ),
    (
        "registration.txt",
        include_str!("../templates/registration.txt"),
    ),
    (
        "add_threepid.html",
        include_str!("../templates/add_threepid.html"),
    ),
    (
        "add_threepid.txt",
        include_str!("../templates/add_threepid.txt"),
    ),
    (
        "password_reset.html",
        include_str!("../templates/password_reset.html"),
    ),
    (
        "password_reset.txt",
        include_str!("../templates/password_reset.txt"),
    ),
    (
        "already_in_use.html",
        include_str!("../templates/already_in_use.html"),
    ),
    (
        "already_in_use.txt",
        include_str!("../templates/already_in_use.txt"),
    ),
];

/// What a template may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variables<'a> {
    /// The link to open; mails without one do not define it.
    pub(crate) link: Option<&'a str>,
    pub(crate) app_name: &'a str,
    pub(crate) server_name: &'a str,
}

/// All templates. A template is read at its first use and kept.
#[derive(Debug)]
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    /// Looks in `directories` in their order, then among the built-in templates. `extends`,
    /// `include` and `import` look there too, so that either side can build on the other.
    pub(crate) fn new(directories: Vec<PathBuf>) -> Self {
        let mut environment = Environment::new();
        environment.set_loader(move |name| load(&directories, name));
        // Printing an undefined variable is an error, asking whether it is defined is not.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_formatter(format);
        // Operators' templates come from Jinja and call methods of Python's types.
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        Self(environment)
    }

    /// Renders a template.
    ///
    /// # Errors
    /// It is missing, has a mistake, or prints a variable that does not exist.
    pub(crate) fn render(&self, name: &str, variables: Variables<'_>) -> Result<String, Error> {
        let Variables {
            link,
            app_name,
            server_name,
        } = variables;
        let template = self.0.get_template(name)?;
        match link {
            Some(link) => template.render(context! { link, app_name, server_name }),
            None => template.render(context! { app_name, server_name }),
        }
    }
}

/// Prints a value, escaped if the template is HTML.
///
/// minijinja would escape slashes as well. That is harmless to browsers, but not to every filter
/// that looks for links in mail, and it is not what Jinja does.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match (state.auto_escape(), value.as_str()) {
        (AutoEscape::Html, Some(text)) if !value.is_safe() => Ok(escape(out, text)?),
        _ => minijinja::escape_formatter(out, state, value),
    }
}

fn escape(out: &mut Output<'_>, text: &str) -> std::fmt::Result {
    text.chars().try_for_each(|c| match c {
        '&' => out.write_str("&amp;"),
        '<' => out.write_str("&lt;"),
        '>' => out.write_str("&gt;"),
        '"' => out.write_str("&#34;"),
        '\'' => out.write_str("&#39;"),
        other => out.write_char(other),
    })
}

fn load(directories: &[PathBuf], name: &str) -> Result<Option<String>, Error> {
    if !is_inside(name) {
        return Ok(None);
    }
    for directory in directories {
        if let Some(source) = read(&directory.join(name))? {
            return Ok(Some(source));
        }
    }
    let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
    Ok(built_in.map(|(_, source)| (*source).to_owned()))
}

/// Does the name stay inside the folder it is looked up in?
fn is_inside(name: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.');
    name.split('/').all(is_plain) && !name.contains(['\\', ':', '\0'])
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(source) => Ok(Some(source)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let what = format!("could not read {}", path.display());
            Err(Error::new(ErrorKind::InvalidOperation, what).with_source(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_folder() {
        for good in ["a.html", "mails/a.html", "_base.html"] {
            assert!(is_inside(good), "{good}");
        }
        for bad in [
            "",
            "../a",
            "a/../b",
            "/etc/passwd",
            ".hidden",
            "a//b",
            "..\\a",
            "C:a",
            "a\0",
        ] {
            assert!(!is_inside(bad), "{bad:?}");
        }
    }
}
