//! The templates of mails, and what they may use.

use std::path::PathBuf;

use registrar_templates::{BuiltIn, TemplateError, Trial, Value, context};

/// The built-in templates. Their names are those that operators know.
const BUILT_IN: &[BuiltIn] = &[
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

impl From<Variables<'_>> for Value {
    fn from(variables: Variables<'_>) -> Self {
        let Variables {
            link,
            app_name,
            server_name,
        } = variables;
        match link {
            Some(link) => context! { link, app_name, server_name },
            None => context! { app_name, server_name },
        }
    }
}

/// All templates of mails.
#[derive(Debug)]
pub(crate) struct Templates(registrar_templates::Templates);

impl Templates {
    /// Those in `directories`, in their order, then the built-in ones.
    pub(crate) fn new(directories: Vec<PathBuf>) -> Self {
        Self(registrar_templates::Templates::new(directories, BUILT_IN))
    }

    /// Renders a template.
    ///
    /// # Errors
    /// It is missing, or fails.
    pub(crate) fn render(
        &self,
        name: &str,
        variables: Variables<'_>,
    ) -> Result<String, TemplateError> {
        self.0.render(name, variables.into())
    }

    /// Renders templates with samples of their variables.
    pub(crate) fn try_with<'a>(
        &self,
        samples: impl IntoIterator<Item = (&'a str, Variables<'a>)>,
    ) -> Trial {
        let samples = samples.into_iter();
        self.0
            .try_with(samples.map(|(name, variables)| (name, variables.into())))
    }
}
