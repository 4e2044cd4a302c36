use registrar_domain::model::id::ServerName;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::policy::{Policy, Rates};
use registrar_domain::model::uia::Stage;

/// A policy for tests: `example.org`, open to everybody including guests, every stage can be
/// attempted and the dummy stage suffices, no limits, five-minute access tokens beside refresh tokens.
///
/// # Panics
/// Never: the server name is one.
pub fn permissive_policy() -> Policy {
    let server_name = ServerName::parse("example.org").expect("this is a server name");
    let mut policy = Policy::new(server_name, "https://matrix.example.org/");
    let registration = &mut policy.registration;
    registration.enabled = true;
    registration.guests_allowed = true;
    registration.stages = Stage::ALL.into();
    registration
        .stages
        .retain(|stage| *stage != Stage::Password);
    policy.rates = Rates::all(Rate {
        per_second: 1e9,
        burst_count: 1e9,
    });
    policy
}
