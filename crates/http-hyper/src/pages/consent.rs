//! The operator's own pages about their policy: one a version, and one that says thank you. There are
//! no built-in ones, because nobody else knows the policy.

use std::path::PathBuf;

use http::{HeaderValue, StatusCode};
use registrar_domain::model::id::ServerName;
use registrar_templates::{TemplateError, TemplateWarning, Templates, Trial, Value, context};

use super::page::Forms;
use super::policy;
use crate::app::Reply;
use crate::error::MatrixError;
use crate::response;

/// The only language there is.
const LANGUAGE: &str = "en";
/// The page after having agreed. No version of the policy can have this name.
const SUCCESS: &str = "success";
/// The longest name of a version, in bytes; file systems do not take much more.
const MAX_VERSION_BYTES: usize = 100;

/// `user_consent`, as far as its pages are concerned.
#[derive(Clone, Debug)]
pub struct ConsentOptions {
    /// `template_dir`: a folder with `en/<version>.html` and `en/success.html`.
    pub template_directory: PathBuf,
    /// `version`: the current one.
    pub version: String,
}

/// Renders the operator's pages.
#[derive(Debug)]
pub(crate) struct ConsentPages {
    templates: Templates,
    warnings: Vec<TemplateWarning>,
}

/// What the page of a version may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsentVariables<'a> {
    /// The version.
    pub(crate) version: &'a str,
    /// Whose page it is; `None` for a page that anybody may read, without a form.
    pub(crate) person: Option<ConsentPerson<'a>>,
}

/// Somebody who can agree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsentPerson<'a> {
    /// Their name, as in the link.
    pub(crate) user: &'a str,
    /// The signature of that name.
    pub(crate) mac: &'a str,
    /// Whether they have agreed to this version.
    pub(crate) has_consented: bool,
}

impl ConsentPages {
    /// Tries the pages of the current version. Older ones are tried when somebody asks for them.
    pub(super) fn new(
        options: &ConsentOptions,
        server_name: &ServerName,
    ) -> Result<Self, Vec<TemplateError>> {
        let templates = Templates::new(vec![options.template_directory.clone()], &[])
            .with_global("server_name", server_name.as_str());
        let version = &options.version;
        let person = [false, true].map(|has_consented| {
            Some(ConsentPerson {
                user: "alice",
                mac: "00",
                has_consented,
            })
        });
        let views =
            [None, person[0], person[1]].map(|person| ConsentVariables { version, person }.into());
        let (version, success) = (template(version), template(SUCCESS));
        let mut samples: Vec<(&str, Value)> = views.map(|view| (&*version, view)).into();
        samples.push((&success, context! {}));
        let Trial { mistakes, warnings } = templates.try_with(samples);
        if mistakes.is_empty() {
            Ok(Self {
                templates,
                warnings,
            })
        } else {
            Err(mistakes)
        }
    }

    /// What is odd about the pages of the current version.
    pub(super) fn warnings(&self) -> &[TemplateWarning] {
        &self.warnings
    }

    /// Is there a page of this version?
    pub(crate) fn has_version(&self, version: &str) -> bool {
        let is_a_name = version.len() <= MAX_VERSION_BYTES
            && version != SUCCESS
            && !version.contains('/')
            && !version.chars().any(char::is_control);
        is_a_name && self.templates.has(&template(version))
    }

    /// The page of a version.
    pub(crate) fn policy(&self, variables: ConsentVariables<'_>) -> Reply {
        self.answer(&template(variables.version), variables.into())
    }

    /// The page after having agreed.
    pub(crate) fn success(&self) -> Reply {
        self.answer(&template(SUCCESS), context! {})
    }

    fn answer(&self, name: &str, variables: Value) -> Reply {
        let html = self.templates.render(name, variables);
        let html = html.map_err(|error| MatrixError::internal(&error))?;
        let policy = HeaderValue::try_from(policy::foreign(Forms::ToThisServer))
            .expect("policies are made of printable ASCII");
        Ok(response::html(StatusCode::OK, html, policy))
    }
}

fn template(stem: &str) -> String {
    format!("{LANGUAGE}/{stem}.html")
}

impl From<ConsentVariables<'_>> for Value {
    fn from(variables: ConsentVariables<'_>) -> Self {
        let ConsentVariables { version, person } = variables;
        // Templates print these also on the public page, where they are empty.
        let public_version = person.is_none();
        let (user, userhmac, has_consented) = person.map_or(("", "", false), |person| {
            (person.user, person.mac, person.has_consented)
        });
        context! { user, userhmac, version, has_consented, public_version }
    }
}
