//! What operators may rely on when they write templates.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use registrar_templates::{BuiltIn, Templates, Value, context};
use tempfile::TempDir;

const BUILT_IN: &[BuiltIn] = &[
    (
        "_base.html",
        "<title>{% block title %}{% endblock %}</title>{% block body %}{% endblock %}",
    ),
    (
        "page.html",
        "{% extends '_base.html' %}{% block body %}{{ name }}{% endblock %}",
    ),
    ("page.txt", "{{ name }} of {{ place }}"),
];

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in files {
        std::fs::write(folder.path().join(name), source).unwrap();
    }
    folder
}

fn templates(folders: &[&Path]) -> Templates {
    let folders = folders.iter().map(|it| (*it).to_owned()).collect();
    Templates::new(folders, BUILT_IN).with_global("place", "example.org")
}

fn named(name: &str) -> Value {
    context! { name }
}

#[test]
fn the_first_folder_wins_and_the_rest_is_built_in() {
    let first = folder(&[("page.txt", "first {{ name }}")]);
    let second = folder(&[("page.txt", "second"), ("page.html", "<i>{{ name }}</i>")]);
    let templates = templates(&[first.path(), second.path()]);
    let rows = [
        ("page.txt", "first a", true),
        ("page.html", "<i>a</i>", true),
        ("_base.html", "<title></title>", false),
    ];
    for (name, expected, is_overridden) in rows {
        assert_eq!(templates.render(name, named("a")).unwrap(), expected);
        assert_eq!(templates.is_overridden(name), is_overridden, "{name}");
        assert!(templates.has(name));
    }
    assert!(!templates.has("absent.html") && !templates.is_overridden("absent.html"));
}

#[test]
fn either_side_builds_on_the_other() {
    let files = [
        ("_base.html", "<b>mine</b>{% block body %}{% endblock %}"),
        (
            "mine.html",
            "{% extends 'page.html' %}{% block title %}T{% endblock %}",
        ),
    ];
    let folder = folder(&files);
    let templates = templates(&[folder.path()]);
    assert_eq!(
        templates.render("page.html", named("a")).unwrap(),
        "<b>mine</b>a"
    );
    assert_eq!(
        templates.render("mine.html", named("a")).unwrap(),
        "<b>mine</b>a"
    );
}

#[test]
fn only_html_is_escaped_and_as_jinja_does() {
    let templates = templates(&[]);
    let evil = "<\"&'/>";
    assert_eq!(
        templates.render("page.html", named(evil)).unwrap(),
        "<title></title>&lt;&#34;&amp;&#39;/&gt;"
    );
    assert_eq!(
        templates.render("page.txt", named(evil)).unwrap(),
        format!("{evil} of example.org")
    );
}

#[test]
fn what_cannot_be_parsed_is_a_mistake_and_the_rest_a_warning() {
    let folder = folder(&[
        ("syntax.html", "{% if %}"),
        ("includes_syntax.html", "{% include 'syntax.html' %}"),
        ("typo.html", "\n{{ nmae }}"),
        ("include.html", "{% include 'absent.html' %}"),
        (
            "endless.html",
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
        ),
        (
            "guarded.html",
            "{% if nmae %}{{ nmae }}{% endif %}{{ name.upper() }}",
        ),
    ]);
    let templates = templates(&[folder.path()]);
    let names = [
        "syntax.html",
        "includes_syntax.html",
        "absent.html",
        "typo.html",
        "include.html",
        "endless.html",
        "guarded.html",
        "page.txt",
    ];
    let trial = templates.try_with(names.map(|name| (name, named("a"))));
    let mistakes: Vec<_> = trial.mistakes.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(mistakes, names[..3]);
    let place = |name: &str, line: usize| format!("{}:{line}", folder.path().join(name).display());
    let places: Vec<_> = trial.warnings.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(
        places,
        [
            place("typo.html", 2),
            place("include.html", 1),
            place("endless.html", 1),
        ]
    );
}

/// What Jinja2 with its defaults prints.
#[test]
fn undefined_variables_print_nothing() {
    let folder = folder(&[(
        "page.txt",
        "[{{ user }}][{{ user|upper }}]{% for a in users %}x{% endfor %}{% if not user %}nobody{% endif %}",
    )]);
    let templates = templates(&[folder.path()]);
    assert_eq!(
        templates.render("page.txt", named("a")).unwrap(),
        "[][]nobody"
    );
}

#[test]
fn templates_outside_the_folders_are_not_found() {
    let outside = folder(&[("outside.txt", "secret")]);
    let inside = outside.path().join("templates");
    std::fs::create_dir(&inside).unwrap();
    let templates = templates(&[&inside]);
    let absolute = outside.path().join("outside.txt");
    for name in [
        "../outside.txt",
        absolute.to_str().unwrap(),
        "./page.txt",
        "",
    ] {
        assert!(templates.render(name, named("a")).is_err(), "{name}");
        assert!(
            !templates.has(name) && !templates.is_overridden(name),
            "{name}"
        );
    }
}
