#![doc = include_str!("../README.md")]

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior};

pub use minijinja::{Error, Value, context};

/// How much a template may do in one rendering, roughly the number of its expressions and outputs
/// times how often they are passed. No page or mail comes near; an endless loop does.
const FUEL: u64 = 1_000_000;

/// The name and the source of a template that comes with the program.
pub type BuiltIn = (&'static str, &'static str);

/// A template that is missing or cannot be parsed, or that failed while it was rendered.
#[derive(Debug, thiserror::Error)]
#[error("the template `{name}` cannot be used")]
pub struct TemplateError {
    /// Its name: where it is inside a folder of templates.
    pub name: String,
    /// What is wrong with it; names the place.
    pub source: Error,
}

/// What a template probably does not mean, or will fail at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct TemplateWarning {
    /// The file, or the name of a built-in template, and the line in it.
    pub place: String,
    /// What is odd, in words for the operator.
    pub what: String,
}

/// What came of trying templates.
#[derive(Debug, Default)]
#[must_use]
pub struct Trial {
    /// Templates that are missing or cannot be parsed.
    pub mistakes: Vec<TemplateError>,
    /// The first oddity of each template.
    pub warnings: Vec<TemplateWarning>,
}

/// Templates of some folders, and built-in ones behind them. A template is read at its first use and
/// kept.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    /// The same, but a variable that is not defined cannot be printed.
    strict: Environment<'static>,
    directories: Vec<PathBuf>,
}

impl Templates {
    /// Looks in `directories` in their order, then among `built_in`. `extends`, `include` and
    /// `import` look there too, so that either side can build on the other.
    ///
    /// What a template prints is HTML-escaped if its name ends in `.html`, `.htm` or `.xml`.
    pub fn new(directories: Vec<PathBuf>, built_in: &'static [BuiltIn]) -> Self {
        let mut environment = Environment::new();
        let searched = directories.clone();
        environment.set_loader(move |name| load(&searched, built_in, name));
        // As in Jinja, which prints nothing for it.
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_fuel(Some(FUEL));
        environment.set_formatter(format);
        // Operators' templates come from Jinja and call methods of Python's types.
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        let mut strict = environment.clone();
        strict.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        Self {
            environment,
            strict,
            directories,
        }
    }

    /// Defines a variable for all templates.
    #[must_use]
    pub fn with_global(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.environment.add_global(name, value.clone());
        self.strict.add_global(name, value);
        self
    }

    /// Renders a template; `variables` comes from [`context!`].
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn render(&self, name: &str, variables: Value) -> Result<String, TemplateError> {
        let rendered = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(variables));
        rendered.map_err(|source| TemplateError {
            name: name.to_owned(),
            source,
        })
    }

    /// Renders templates with samples of their variables, so that mistakes show before anybody has to
    /// see them.
    pub fn try_with<'a>(&self, samples: impl IntoIterator<Item = (&'a str, Value)>) -> Trial {
        let mut trial = Trial::default();
        let mut ended: Vec<&str> = Vec::new();
        for (name, variables) in samples {
            if ended.contains(&name) {
                continue;
            }
            match self.try_one(name, variables) {
                Ok(None) => continue,
                Ok(Some(warning)) => trial.warnings.push(warning),
                Err(mistake) => trial.mistakes.push(mistake),
            }
            ended.push(name);
        }
        trial
    }

    fn try_one(
        &self,
        name: &str,
        variables: Value,
    ) -> Result<Option<TemplateWarning>, TemplateError> {
        let template = self.environment.get_template(name);
        let template = template.map_err(|source| TemplateError {
            name: name.to_owned(),
            source,
        })?;
        match template.render(variables.clone()) {
            // Of a file that this one includes.
            Err(source) if source.kind() == ErrorKind::SyntaxError => Err(TemplateError {
                name: name.to_owned(),
                source,
            }),
            Err(error) => Ok(Some(self.warning(name, &error, "cannot be rendered"))),
            Ok(_) => {
                let strict = self.strict.get_template(name);
                let outcome = strict.and_then(|template| template.render(variables));
                let what = "uses an undefined variable, which prints nothing";
                Ok(outcome.err().map(|error| self.warning(name, &error, what)))
            }
        }
    }

    /// A warning at the place of an error.
    fn warning(&self, name: &str, error: &Error, what: &str) -> TemplateWarning {
        let name = error.name().unwrap_or(name);
        let mut paths = self
            .directories
            .iter()
            .map(|directory| directory.join(name));
        let file = paths.find(|path| path.exists());
        let file = file.map_or_else(|| name.to_owned(), |path| path.display().to_string());
        let what = match error.kind() {
            ErrorKind::UndefinedError => what.to_owned(),
            _ => format!("{what}: {}", error.detail().unwrap_or("it fails")),
        };
        TemplateWarning {
            place: error
                .line()
                .map_or_else(|| file.clone(), |line| format!("{file}:{line}")),
            what,
        }
    }

    /// Is there such a template, well-formed or not, readable or not?
    pub fn has(&self, name: &str) -> bool {
        match self.environment.get_template(name) {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::TemplateNotFound,
        }
    }

    /// Does the operator have a template of this name in a folder?
    pub fn is_overridden(&self, name: &str) -> bool {
        let mut directories = self.directories.iter();
        is_inside(name) && directories.any(|directory| directory.join(name).exists())
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

fn load(
    directories: &[PathBuf],
    built_in: &'static [BuiltIn],
    name: &str,
) -> Result<Option<String>, Error> {
    if !is_inside(name) {
        return Ok(None);
    }
    for directory in directories {
        if let Some(source) = read(&directory.join(name))? {
            return Ok(Some(source));
        }
    }
    let built_in = built_in.iter().find(|(known, _)| *known == name);
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
            assert!(!is_inside(bad), "{bad}");
        }
    }
}
