//! [`Numbers`]: a server's numbers, read one by one.

use std::collections::BTreeMap;

use registrar_metrics::{Metrics, Options};

/// Numbers that begin with nothing.
pub(crate) fn metrics() -> Metrics {
    Metrics::new(Options {
        server_name: "example.org".to_owned(),
        version: "1.2.3".to_owned(),
        servlets: vec!["RegisterRestServlet", "LoginRestServlet"],
    })
}

/// What the exposition says.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// The value of each series, by its name and its labels without the server's name.
    pub(crate) values: BTreeMap<String, f64>,
    /// The type of each family.
    pub(crate) types: BTreeMap<String, String>,
}

impl Numbers {
    pub(crate) fn of(metrics: &Metrics) -> Self {
        let mut numbers = Self::default();
        for line in metrics.render().lines() {
            if let Some(comment) = line.strip_prefix("# TYPE ") {
                let (name, kind) = comment.split_once(' ').unwrap();
                let before = numbers.types.insert(name.to_owned(), kind.to_owned());
                assert_eq!(before, None, "{name} is there twice");
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let (name, labels) = series
                    .split_once('{')
                    .map_or((series, ""), |(name, labels)| {
                        (name, labels.strip_suffix('}').unwrap())
                    });
                let labels: Vec<_> = labels
                    .split(',')
                    .filter(|it| !it.is_empty() && !it.starts_with("server_name="))
                    .collect();
                let key = if labels.is_empty() {
                    name.to_owned()
                } else {
                    format!("{name}{{{}}}", labels.join(","))
                };
                let before = numbers.values.insert(key, value.parse().unwrap());
                assert_eq!(before, None, "{line} is there twice");
            }
        }
        numbers
    }

    /// The value of a series, which must be there.
    #[track_caller]
    pub(crate) fn value(&self, series: &str) -> f64 {
        *self.values.get(series).unwrap_or_else(|| {
            let name = series.split('{').next().unwrap();
            let near: Vec<_> = self
                .values
                .keys()
                .filter(|it| it.starts_with(name))
                .collect();
            panic!("no {series} among {near:#?}")
        })
    }
}

/// Compares counts before and after: exactly the named series have risen, by one each.
#[track_caller]
pub(crate) fn assert_risen(before: &Numbers, after: &Numbers, expected: &[&str]) {
    let is_count = |series: &&String| {
        let name = series.split('{').next().unwrap();
        let is_process = name.starts_with("process_");
        !is_process && (name.ends_with("_total") || name.ends_with("_count"))
    };
    let risen: Vec<_> = after
        .values
        .iter()
        .filter(|(series, value)| {
            let earlier = before.values.get(*series).copied().unwrap_or_default();
            is_count(series) && **value != earlier
        })
        .map(|(series, value)| {
            let earlier = before.values.get(series).copied().unwrap_or_default();
            assert!(
                (value - earlier - 1.0).abs() < f64::EPSILON,
                "{series} rose from {earlier} to {value}"
            );
            series.as_str()
        })
        .collect();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(risen, expected);
}
