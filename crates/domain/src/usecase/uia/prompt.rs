//! What a client is told to do next.

use crate::model::context::Trust;
use crate::model::policy::RegistrationPolicy;
use crate::model::uia::flow::Flow;
use crate::model::uia::{Stage, StageFailure, UiaSessionId};

/// What the client is told to do next: the body of a 401.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiaPrompt {
    /// The session to continue with.
    pub session: UiaSessionId,
    /// The ways through.
    pub flows: Vec<Flow>,
    /// The stages passed so far; `None` when the request had no `auth` to speak of.
    pub completed: Option<Vec<Stage>>,
    /// Why the stage that was attempted was not passed.
    pub failure: Option<StageFailure>,
    /// What clients must know to attempt the stages of the flows.
    pub params: Vec<StageParams>,
    /// The session already keeps the hash of a password.
    pub(crate) has_password_hash: bool,
    /// How far the client has earned that a password is hashed.
    pub(crate) trust: Trust,
}

/// What clients must know to attempt a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageParams {
    /// `m.login.recaptcha`: the operator's public key at the captcha provider.
    Recaptcha {
        /// `public_key`.
        public_key: Option<String>,
    },
    /// `m.login.terms`: the policy to agree to.
    Terms {
        /// `version`.
        version: String,
        /// Its name.
        name: String,
        /// Where it can be read.
        url: String,
    },
}

impl StageParams {
    fn of(policy: &RegistrationPolicy, stage: Stage) -> Option<Self> {
        match stage {
            Stage::Recaptcha => Some(Self::Recaptcha {
                public_key: policy.captcha_public_key.clone(),
            }),
            Stage::Terms => policy.consent.as_ref().map(|consent| Self::Terms {
                version: consent.version.clone(),
                name: consent.name.clone(),
                url: consent.url.clone(),
            }),
            Stage::Dummy
            | Stage::Email
            | Stage::Msisdn
            | Stage::RegistrationToken
            | Stage::Password => None,
        }
    }

    /// What there is to know about the stages of some flows.
    pub(super) fn of_flows(policy: &RegistrationPolicy, flows: &[Flow]) -> Vec<Self> {
        let occurs = |stage: &Stage| flows.iter().any(|flow| flow.stages().contains(stage));
        let stages = Stage::ALL.into_iter().filter(occurs);
        stages.filter_map(|stage| Self::of(policy, stage)).collect()
    }
}
