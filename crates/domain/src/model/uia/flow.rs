//! The flows of registration, computed once from the operator's configuration.
//!
//! See `docs/BEHAVIOR.md` §3: which combinations exist, in which order, and which are start-up
//! errors.

use super::Stage;

/// An ordered list of stages, one way to complete a UIA session. Matched as a set: clients may pass
/// the stages in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow(Vec<Stage>);

impl Flow {
    /// A flow of these stages.
    pub fn new(stages: impl Into<Vec<Stage>>) -> Self {
        Self(stages.into())
    }

    /// The stages in the order in which a client should pass them.
    pub fn stages(&self) -> &[Stage] {
        &self.0
    }

    fn prefixed(self, stage: Stage) -> Self {
        let mut stages = Vec::with_capacity(self.0.len() + 1);
        stages.push(stage);
        stages.extend(self.0);
        Self(stages)
    }
}

/// The switches that decide the flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowSettings {
    /// `registrations_require_3pid` names `email`.
    pub require_email: bool,
    /// `registrations_require_3pid` names `msisdn`.
    pub require_msisdn: bool,
    /// `disable_msisdn_registration`.
    pub disable_msisdn: bool,
    /// Email addresses can be validated.
    pub email_enabled: bool,
    /// Phone numbers can be validated.
    pub msisdn_enabled: bool,
    /// `enable_registration_token_3pid_bypass`.
    pub token_3pid_bypass: bool,
    /// `user_consent.require_at_registration`.
    pub require_consent: bool,
    /// `enable_registration_captcha`.
    pub require_captcha: bool,
    /// `registration_requires_token`.
    pub require_token: bool,
}

/// A configuration that no client could satisfy, or that contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// An email address is required and cannot be validated.
    #[error(
        "registrations_require_3pid requires an email address, but email validation is not configured"
    )]
    EmailNotConfigured,
    /// A phone number is required and switched off at the same time.
    #[error(
        "registrations_require_3pid requires a phone number, but disable_msisdn_registration is set"
    )]
    MsisdnDisabled,
    /// A phone number is required and cannot be validated.
    #[error(
        "registrations_require_3pid requires a phone number, but phone number validation is not configured"
    )]
    MsisdnNotConfigured,
}

/// Computes the flows of registration, in the order in which clients are offered them.
///
/// # Errors
/// [`FlowError`]. A required phone number together with `disable_msisdn_registration` is an error
/// here, where Synapse silently drops the requirement.
pub fn registration_flows(settings: &FlowSettings) -> Result<Vec<Flow>, FlowError> {
    let s = settings;
    if s.require_email && !s.email_enabled {
        return Err(FlowError::EmailNotConfigured);
    }
    if s.require_msisdn && s.disable_msisdn {
        return Err(FlowError::MsisdnDisabled);
    }
    if s.require_msisdn && !s.msisdn_enabled {
        return Err(FlowError::MsisdnNotConfigured);
    }
    let offer_email = s.email_enabled;
    let offer_msisdn = s.msisdn_enabled && !s.disable_msisdn;

    let mut flows = Vec::new();
    if !s.require_email && !s.require_msisdn {
        // Dummy exists so that a prefix such as a captcha is not a complete flow by itself.
        flows.push(Flow::new([Stage::Dummy]));
    }
    if offer_email && !s.require_msisdn {
        flows.push(Flow::new([Stage::Email]));
    }
    if offer_msisdn && !s.require_email {
        flows.push(Flow::new([Stage::Msisdn]));
    }
    if offer_email && offer_msisdn {
        flows.push(Flow::new([Stage::Msisdn, Stage::Email]));
    }
    if s.token_3pid_bypass {
        flows.push(Flow::new([Stage::RegistrationToken]));
    }
    let decorated = flows.into_iter().map(|flow| {
        let mut flow = flow;
        if s.require_consent {
            flow = flow.prefixed(Stage::Terms);
        }
        if s.require_captcha {
            flow = flow.prefixed(Stage::Recaptcha);
        }
        if s.require_token && !flow.stages().contains(&Stage::RegistrationToken) {
            flow = flow.prefixed(Stage::RegistrationToken);
        }
        flow
    });
    Ok(decorated.collect())
}
