//! The operator's templates in front of the built-in ones.

use std::path::Path;

use registrar_domain::ports::Mailer as _;
use registrar_mail::options::SetupError;
use registrar_mail::{LettreMailer, Options};
use tempfile::TempDir;

use crate::mime::parts;
use crate::sink::{Script, Sink};
use crate::{LINK, mailer, options, validation_mail};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in files {
        std::fs::write(folder.path().join(name), source).unwrap();
    }
    folder
}

fn options_with(port: u16, folders: &[&Path]) -> Options {
    let mut options = options(port);
    options.template_directories = folders.iter().map(|f| (*f).to_owned()).collect();
    options
}

/// The text and the HTML part of a mail made with these template folders.
async fn bodies(folders: &[&Path]) -> (String, String) {
    let sink = Sink::start(Script::default()).await;
    let mailer = mailer(options_with(sink.port, folders));
    mailer
        .send(&validation_mail("alice@example.net"))
        .await
        .unwrap();
    let mut parts = parts(&sink.only_mail().data)
        .into_iter()
        .map(|(_, body)| body);
    (parts.next().unwrap(), parts.next().unwrap())
}

/// The file names that are complained about.
fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let mistakes = LettreMailer::new(options_with(1, &[folder.path()])).unwrap_err();
    let name = |mistake: SetupError| match mistake {
        SetupError::Template { name, .. } => name,
        other => panic!("{other:?}"),
    };
    mistakes.into_iter().map(name).collect()
}

#[tokio::test]
async fn the_first_folder_wins_and_the_rest_is_built_in() {
    let first = folder(&[("registration.txt", "first {{ server_name }}")]);
    let second = folder(&[
        ("registration.txt", "second"),
        (
            "registration.html",
            r#"<a href='{{ link }}'>{{ app_name }}{{ "<'" ~ '">' }}</a>"#,
        ),
    ]);
    let (text, html) = bodies(&[first.path(), second.path()]).await;
    assert_eq!(text.trim_end(), "first example.org");
    let escaped = LINK.replace('&', "&amp;");
    assert_eq!(
        html.trim_end(),
        format!("<a href='{escaped}'>Matrix&lt;&#39;&#34;&gt;</a>")
    );
}

#[tokio::test]
async fn either_side_builds_on_the_other() {
    let ours = folder(&[(
        "registration.html",
        "{% extends '_base.html' %}{% block title %}T{% endblock %}\
         {% block body %}{% from '_button.html' import button %}{{ button(link, 'Go') }}{% endblock %}",
    )]);
    let (_, html) = bodies(&[ours.path()]).await;
    assert!(
        html.contains("<title>T</title>") && html.contains(">Go</a>"),
        "{html}"
    );

    let base = folder(&[("_base.html", "<b>mine</b>{% block body %}{% endblock %}")]);
    let (_, html) = bodies(&[base.path()]).await;
    assert!(
        html.starts_with("<b>mine</b>") && html.contains("submit_token"),
        "{html}"
    );
}

#[tokio::test]
async fn what_jinja_templates_commonly_use_works() {
    let source = "{% macro m(x) -%}{{ x|upper }}{%- endmacro -%}\
        {% set parts = server_name.split('.') -%}\
        {{ m(parts[0]) }} {{ app_name.lower() }} {{ app_name|e }} {{ link|safe }}\
        {% if nothing %}never{% endif %}{% if nothing is defined %}never{% endif %}\
        {{ nothing|default('fallback') }}{# comment #}{% include 'absent' ignore missing %}\
        {% include 'more.txt' without context %}";
    let folder = folder(&[("registration.html", source), ("more.txt", "!")]);
    let (_, html) = bodies(&[folder.path()]).await;
    assert_eq!(
        html.trim_end(),
        format!("EXAMPLE matrix Matrix {LINK}fallback!")
    );
}

#[test]
fn all_broken_templates_are_found_at_construction() {
    let found = mistakes(&[
        ("registration.html", "{% if %}"),
        ("add_threepid.txt", "{{ lnik }}"),
        ("password_reset.html", "{% if"),
    ]);
    assert_eq!(found, ["registration.html", "password_reset.html"]);
}

#[test]
fn what_is_odd_about_templates_is_a_warning_with_its_place() {
    let folder = folder(&[
        ("add_threepid.txt", "hello\n{{ lnik }}"),
        ("password_reset.html", "{% include 'absent.html' %}"),
        ("already_in_use.txt", "{{ link }}"),
    ]);
    let mailer = LettreMailer::new(options_with(1, &[folder.path()])).unwrap();
    let places: Vec<&str> = mailer.warnings().iter().map(|it| &*it.place).collect();
    let place = |name: &str, line| format!("{}:{line}", folder.path().join(name).display());
    assert_eq!(
        places,
        [
            place("add_threepid.txt", 2),
            place("password_reset.html", 1),
            place("already_in_use.txt", 1),
        ]
    );
}

#[test]
fn a_base_that_does_not_parse_is_found_at_construction() {
    assert_eq!(mistakes(&[("_base.html", "{% block")]).len(), 4);
}

#[test]
fn templates_outside_the_folders_are_not_found() {
    let outside = folder(&[("outside.txt", "secret")]);
    let inside = outside.path().join("templates");
    std::fs::create_dir(&inside).unwrap();
    let absolute = outside.path().join("outside.txt");
    for name in [
        "../outside.txt",
        absolute.to_str().unwrap(),
        "./registration.txt",
    ] {
        let mut options = options_with(1, &[&inside]);
        options.templates.registration.text = name.to_owned();
        let mistakes = LettreMailer::new(options).unwrap_err();
        assert!(
            matches!(&mistakes[..], [SetupError::Template { name: found, .. }] if found == name),
            "{name} {mistakes:?}"
        );
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let mut options = options(1);
    options.notif_from = "nobody".to_owned();
    options.app_name = "two\nlines".to_owned();
    options.subjects.email_validation = "%(app)s".to_owned();
    options.subjects.password_reset = "%(nope)s".to_owned();
    options.templates.already_in_use.html = "absent.html".to_owned();
    options.smtp.extra_root_certificates = vec![b"no certificate".to_vec()];
    let mistakes = LettreMailer::new(options).unwrap_err();
    let texts: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let expected = [
        "`notif_from` has no usable email address",
        "the subject `email_validation` has a control character",
        "the subject `password_reset` cannot be filled in",
        "the template `absent.html` cannot be used",
        "the TLS settings for the mail server cannot be used",
    ];
    assert_eq!(texts, expected);
}
