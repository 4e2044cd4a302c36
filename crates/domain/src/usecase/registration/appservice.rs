//! `POST /register` by an application service: an account in its namespace, without a password and
//! without interactive authentication.
//!
//! See `docs/BEHAVIOR.md` §1.4.

use super::{RegisterError, RegisterOutcome, RegisterRequest, Registration};
use crate::model::account::Account;
use crate::model::appservice::AppService;
use crate::model::context::RequestContext;
use crate::model::device::DisplayName;
use crate::model::id::{DeviceId, Localpart};
use crate::ports::observer::Applicant;
use crate::usecase::name;
use crate::usecase::registration::enroll::{FirstLogin, enroll};
use crate::usecase::token::authenticate::Bearer;
use crate::usecase::token::issue::RefreshChoice;

/// What is created, checked.
struct NewServiceAccount {
    account: Account,
    login: FirstLogin,
}

impl Registration {
    /// Neither `enable_registration` nor the charge of the registration limit applies.
    pub(super) async fn register_for_appservice(
        &self,
        ctx: &RequestContext,
        request: &RegisterRequest,
        username: Option<&String>,
        refresh: RefreshChoice,
    ) -> Result<RegisterOutcome, RegisterError> {
        let token = match &request.bearer {
            Bearer::Absent => return Err(RegisterError::AppserviceTokenMissing),
            Bearer::Malformed => return Err(RegisterError::AppserviceTokenMalformed),
            Bearer::Token(token) => token,
        };
        let username = username.ok_or(RegisterError::AppserviceUsernameMissing)?;
        let services = &self.0.policy.registration.appservices;
        let service = services
            .with_token(token)
            .ok_or(RegisterError::AppserviceTokenUnknown)?;
        let localpart = self.check_appservice_name(service, username)?;
        let new = self.new_account(service, request, &localpart, refresh)?;
        let login = (!request.inhibit_login).then_some(&new.login);
        let registered = enroll(
            &self.0,
            ctx,
            &new.account,
            Applicant::ApplicationService,
            login,
        )
        .await?;
        Ok(RegisterOutcome::Registered(registered))
    }

    /// The name is taken as it is, upper case included: bridges name people of other networks.
    fn check_appservice_name(
        &self,
        service: &AppService,
        username: &str,
    ) -> Result<Localpart, RegisterError> {
        let shared = &self.0;
        let policy = &shared.policy.registration;
        let localpart = Localpart::read(username).ok_or(RegisterError::AppserviceNameForeign)?;
        let user_id = shared.user_id(&localpart);
        if !service.is_interested(&user_id) {
            return Err(RegisterError::AppserviceNameForeign);
        }
        if policy.server_notices_localpart.as_ref() == Some(&localpart) {
            return Err(name::NameError::Reserved.into());
        }
        if policy.appservices.own_exclusively(&user_id, Some(service)) {
            return Err(name::NameError::Exclusive.into());
        }
        localpart
            .check_length(&shared.policy.server_name)
            .map_err(name::NameError::from)?;
        Ok(localpart)
    }

    fn new_account(
        &self,
        service: &AppService,
        request: &RegisterRequest,
        localpart: &Localpart,
        refresh: RefreshChoice,
    ) -> Result<NewServiceAccount, RegisterError> {
        let shared = &self.0;
        let device_id = request
            .device_id
            .optional(RegisterError::MalformedField("device_id"))?;
        let name = request
            .initial_device_display_name
            .optional(RegisterError::MalformedField("initial_device_display_name"))?;
        let account = service.new_account(&shared.user_id(localpart), shared.now());
        let login = FirstLogin {
            device_id: match device_id {
                Some(text) => DeviceId::parse(text)?,
                None => DeviceId::generate(shared.entropy()),
            },
            display_name: name.map(|text| DisplayName::parse(text)).transpose()?,
            refresh,
        };
        Ok(NewServiceAccount { account, login })
    }
}
