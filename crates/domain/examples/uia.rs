//! The rules of user-interactive authentication alone, in a server that keeps sessions of its own.
//!
//! ```sh
//! cargo run --package registrar-domain --example uia
//! ```

use std::collections::HashMap;
use std::io::Write as _;

use registrar_domain::model::uia::Stage;
use registrar_domain::model::uia::flow::{Flow, FlowError, FlowSettings, registration_flows};
use registrar_domain::model::uia::progress::{Progress, progress};

/// The sessions of another server: which stages each has completed.
struct Sessions {
    flows: Vec<Flow>,
    completed: HashMap<u32, Vec<Stage>>,
}

impl Sessions {
    /// Sessions of a server that requires an invitation and an email address.
    fn new() -> Result<Self, FlowError> {
        let flows = registration_flows(&FlowSettings {
            require_token: true,
            require_email: true,
            email_enabled: true,
            ..FlowSettings::default()
        })?;
        Ok(Self {
            flows,
            completed: HashMap::new(),
        })
    }

    /// A client has passed a stage: may it register now?
    fn pass(&mut self, session: u32, stage: Stage) -> Progress {
        let completed = self.completed.entry(session).or_default();
        completed.push(stage);
        progress(&self.flows, completed)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sessions = Sessions::new()?;
    let mut out = std::io::stdout();
    for stage in [Stage::Dummy, Stage::Email, Stage::RegistrationToken] {
        let progress = sessions.pass(1, stage);
        writeln!(out, "{stage}: {progress:?}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_stages_of_the_flow_are_needed_in_any_order() {
        let mut sessions = Sessions::new().unwrap();
        assert_eq!(sessions.pass(1, Stage::Dummy), Progress::Pending);
        assert_eq!(sessions.pass(1, Stage::Email), Progress::Pending);
        assert_eq!(
            sessions.pass(2, Stage::RegistrationToken),
            Progress::Pending
        );
        assert_eq!(
            sessions.pass(1, Stage::RegistrationToken),
            Progress::Cleared
        );
        main().unwrap();
    }
}
