//! Hooks that answer as a test says.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use registrar_domain::model::threepid::Threepid;
use registrar_domain::ports::registration_hooks::{
    HookError, RegistrationFacts, RegistrationHooks, RegistrationVerdict, ThreepidPurpose,
};

/// Answers as it was told, by default allows everything and chooses nothing, and remembers the questions.
#[derive(Debug, Default)]
pub struct FakeHooks {
    answers: Mutex<Answers>,
    asked: Mutex<Vec<HookQuestion>>,
}

#[derive(Debug, Default)]
struct Answers {
    verdict: Option<RegistrationVerdict>,
    username: Option<String>,
    display_name: Option<String>,
    denied: BTreeSet<Threepid>,
    failing: bool,
}

/// A question that a [`FakeHooks`] was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookQuestion {
    /// [`RegistrationHooks::check_registration`].
    CheckRegistration(RegistrationFacts),
    /// [`RegistrationHooks::choose_username`].
    ChooseUsername(RegistrationFacts),
    /// [`RegistrationHooks::choose_display_name`].
    ChooseDisplayName(RegistrationFacts),
    /// [`RegistrationHooks::is_threepid_allowed`].
    IsThreepidAllowed(Threepid, ThreepidPurpose),
}

impl FakeHooks {
    /// Judges registrations like this from now on.
    pub fn judge(&self, verdict: RegistrationVerdict) {
        lock(&self.answers).verdict = Some(verdict);
    }

    /// Chooses this localpart from now on.
    pub fn name(&self, username: Option<&str>) {
        lock(&self.answers).username = username.map(str::to_owned);
    }

    /// Chooses this display name from now on.
    pub fn display(&self, display_name: Option<&str>) {
        lock(&self.answers).display_name = display_name.map(str::to_owned);
    }

    /// Denies this identifier from now on, whatever it is wanted for.
    pub fn deny(&self, threepid: Threepid) {
        lock(&self.answers).denied.insert(threepid);
    }

    /// Fails from now on.
    pub fn break_down(&self) {
        lock(&self.answers).failing = true;
    }

    /// Puts an end to that.
    pub fn recover(&self) {
        lock(&self.answers).failing = false;
    }

    /// The questions so far, oldest first, failures included.
    pub fn asked(&self) -> Vec<HookQuestion> {
        lock(&self.asked).clone()
    }

    fn answer<T>(
        &self,
        question: HookQuestion,
        read: impl FnOnce(&Answers) -> T,
    ) -> Result<T, HookError> {
        lock(&self.asked).push(question);
        let answers = lock(&self.answers);
        if answers.failing {
            return Err(HookError::Unusable("a fake outage".into()));
        }
        Ok(read(&answers))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl RegistrationHooks for FakeHooks {
    async fn check_registration(
        &self,
        facts: &RegistrationFacts,
    ) -> Result<RegistrationVerdict, HookError> {
        let question = HookQuestion::CheckRegistration(facts.clone());
        self.answer(question, |answers| {
            answers.verdict.unwrap_or(RegistrationVerdict::Allow)
        })
    }

    async fn choose_username(
        &self,
        facts: &RegistrationFacts,
    ) -> Result<Option<String>, HookError> {
        let question = HookQuestion::ChooseUsername(facts.clone());
        self.answer(question, |answers| answers.username.clone())
    }

    async fn choose_display_name(
        &self,
        facts: &RegistrationFacts,
    ) -> Result<Option<String>, HookError> {
        let question = HookQuestion::ChooseDisplayName(facts.clone());
        self.answer(question, |answers| answers.display_name.clone())
    }

    async fn is_threepid_allowed(
        &self,
        threepid: &Threepid,
        purpose: ThreepidPurpose,
    ) -> Result<bool, HookError> {
        let question = HookQuestion::IsThreepidAllowed(threepid.clone(), purpose);
        self.answer(question, |answers| !answers.denied.contains(threepid))
    }
}
