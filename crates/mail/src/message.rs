//! Headers and parts of a mail.

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::{Address, address::Envelope};
use registrar_domain::ports::MailError;
use registrar_domain::ports::mailer::MailContent;
use registrar_templates::{TemplateError, TemplateWarning, Trial};

use crate::options::{Options, SetupError, Subjects, TemplateNames, TemplatePair};
use crate::templates::{Templates, Variables};
use crate::{percent, sender};

/// What templates are tried with before the first real mail.
const SAMPLE_LINK: &str = "https://matrix.example.org/_matrix/client/unstable/registration/email/submit_token?token=t&client_secret=c&sid=s";

/// Writes mails.
#[derive(Debug)]
pub(crate) struct Composer {
    from: Mailbox,
    app_name: String,
    server_name: String,
    subjects: Subjects,
    names: TemplateNames,
    templates: Templates,
    /// What is odd about the operator's templates.
    pub(crate) warnings: Vec<TemplateWarning>,
}

impl Composer {
    /// Fills in sender and subjects, and tries every template.
    ///
    /// # Errors
    /// Every mistake at once.
    pub(crate) fn new(options: Options) -> Result<Self, Vec<SetupError>> {
        let mut mistakes = Vec::new();
        let from = sender::parse(&options.notif_from, &options.app_name)
            .map_err(|mistake| mistakes.push(mistake));
        let subjects = fill_subjects(&options).map_err(|found| mistakes.extend(found));
        let server_name = options.server_name.as_str().to_owned();
        let templates = Templates::new(options.template_directories);
        let trial = try_all(
            &templates,
            &options.templates,
            &options.app_name,
            &server_name,
        );
        let broken = trial.mistakes.into_iter();
        mistakes.extend(
            broken.map(|TemplateError { name, source }| SetupError::Template { name, source }),
        );
        match (from, subjects) {
            (Ok(from), Ok(subjects)) if mistakes.is_empty() => Ok(Self {
                from,
                app_name: options.app_name,
                server_name,
                subjects,
                names: options.templates,
                warnings: trial.warnings,
                templates,
            }),
            _ => Err(mistakes),
        }
    }

    /// Writes one mail.
    ///
    /// # Errors
    /// [`MailError::Compose`].
    pub(crate) fn compose(&self, to: Address, content: &MailContent) -> Result<Message, MailError> {
        let (subject, names, link) = self.parts(content);
        let variables = Variables {
            link,
            app_name: &self.app_name,
            server_name: &self.server_name,
        };
        let render = |name: &str| {
            self.templates
                .render(name, variables)
                .map_err(|e| MailError::Compose(e.into()))
        };
        let body = MultiPart::alternative_plain_html(render(&names.text)?, render(&names.html)?);
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.clone()])
            .map_err(|e| MailError::Compose(e.into()))?;
        Message::builder()
            .date_now()
            // `None` asks for a generated one; without the call there would be none at all.
            .message_id(None)
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            // RFC 3834, and its equivalent for Exchange: no out-of-office answers, please.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .envelope(envelope)
            .multipart(body)
            .map_err(|e| MailError::Compose(e.into()))
    }

    /// Subject, templates and link of a mail.
    fn parts<'a>(
        &'a self,
        content: &'a MailContent,
    ) -> (&'a str, &'a TemplatePair, Option<&'a str>) {
        let Self {
            subjects, names, ..
        } = self;
        match content {
            MailContent::ValidateRegistration { link } => {
                (&subjects.email_validation, &names.registration, Some(link))
            }
            MailContent::ValidateAddition { link } => {
                (&subjects.email_validation, &names.add_threepid, Some(link))
            }
            MailContent::ResetPassword { link } => {
                (&subjects.password_reset, &names.password_reset, Some(link))
            }
            MailContent::AlreadyInUse => {
                (&subjects.email_already_in_use, &names.already_in_use, None)
            }
        }
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn fill_subjects(options: &Options) -> Result<Subjects, Vec<SetupError>> {
    let variables = [
        ("server_name", options.server_name.as_str()),
        ("app", options.app_name.as_str()),
    ];
    let mut mistakes = Vec::new();
    let mut fill = |key: &'static str, format: &str| match percent::fill(format, &variables) {
        Ok(subject) if subject.chars().any(char::is_control) => {
            mistakes.push(SetupError::Subject { key });
            String::new()
        }
        Ok(subject) => subject,
        Err(source) => {
            mistakes.push(SetupError::SubjectVariables { key, source });
            String::new()
        }
    };
    let subjects = Subjects {
        email_validation: fill("email_validation", &options.subjects.email_validation),
        password_reset: fill("password_reset", &options.subjects.password_reset),
        email_already_in_use: fill(
            "email_already_in_use",
            &options.subjects.email_already_in_use,
        ),
    };
    if mistakes.is_empty() {
        Ok(subjects)
    } else {
        Err(mistakes)
    }
}

/// Renders every template once, so that mistakes show at start and not at the first mail.
fn try_all(
    templates: &Templates,
    names: &TemplateNames,
    app_name: &str,
    server_name: &str,
) -> Trial {
    let all = [
        (&names.registration, Some(SAMPLE_LINK)),
        (&names.add_threepid, Some(SAMPLE_LINK)),
        (&names.password_reset, Some(SAMPLE_LINK)),
        (&names.already_in_use, None),
    ];
    let samples = all.into_iter().flat_map(|(pair, link)| {
        let variables = Variables {
            link,
            app_name,
            server_name,
        };
        [(&*pair.html, variables), (&*pair.text, variables)]
    });
    templates.try_with(samples)
}
