//! The JSON in the columns of UIA sessions.
//!
//! The types here mirror the domain's, so that a change there does not silently change what is
//! stored. Unknown fields are passed over and missing ones take their default: while servers are
//! updated one by one, both versions read each other's rows.

use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::secret::TokenDigest;
use registrar_domain::model::threepid::{
    ClientSecret, Medium, Threepid, ValidatedThreepid, ValidationSessionId,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::{
    ErasePolicy, GuestClaim, OtherDevices, Parameters, RegisterParameters, StageResult,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
enum ParametersJson {
    None,
    Register(RegisterJson),
    DeleteDevices {
        device_ids: Vec<String>,
    },
    ChangePassword {
        logout_devices: bool,
    },
    /// The secret is stored as it is: a digest would not do where an identity server is asked about
    /// the session. It opens that one session, once, and goes with this row.
    AddThreepid {
        client_secret: String,
        sid: String,
    },
    Deactivate {
        erase: bool,
    },
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct RegisterJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guest_claim: Option<GuestJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_device_display_name: Option<String>,
    inhibit_login: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GuestJson {
    Empty,
    TokenDigest(Vec<u8>),
}

impl From<GuestClaim> for GuestJson {
    fn from(claim: GuestClaim) -> Self {
        match claim {
            GuestClaim::Empty => Self::Empty,
            GuestClaim::Token(digest) => Self::TokenDigest(digest.as_bytes().to_vec()),
        }
    }
}

impl TryFrom<GuestJson> for GuestClaim {
    type Error = ();

    fn try_from(claim: GuestJson) -> Result<Self, ()> {
        match claim {
            GuestJson::Empty => Ok(Self::Empty),
            GuestJson::TokenDigest(bytes) => {
                TokenDigest::from_bytes(&bytes).map(Self::Token).ok_or(())
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "proved", rename_all = "snake_case")]
enum ResultJson {
    Nothing,
    Account {
        localpart: String,
        password_digest: Vec<u8>,
    },
    Threepid {
        medium: String,
        address: String,
        validated_ts: i64,
    },
}

pub(super) fn write_parameters(parameters: &Parameters) -> String {
    write(&match parameters {
        Parameters::None => ParametersJson::None,
        Parameters::Register(register) => ParametersJson::Register(RegisterJson {
            username: register.username.clone(),
            guest_claim: register.guest_claim.map(Into::into),
            device_id: register.device_id.as_ref().map(DeviceId::to_string),
            initial_device_display_name: register.initial_device_display_name.clone(),
            inhibit_login: register.inhibit_login,
        }),
        Parameters::DeleteDevices(device_ids) => ParametersJson::DeleteDevices {
            device_ids: device_ids.iter().map(DeviceId::to_string).collect(),
        },
        Parameters::ChangePassword(other_devices) => ParametersJson::ChangePassword {
            logout_devices: *other_devices == OtherDevices::LogOut,
        },
        Parameters::AddThreepid(client_secret, sid) => ParametersJson::AddThreepid {
            client_secret: client_secret.expose().to_owned(),
            sid: sid.as_str().to_owned(),
        },
        Parameters::Deactivate(traces) => ParametersJson::Deactivate {
            erase: *traces == ErasePolicy::Erase,
        },
    })
}

/// `None` for text that this program did not write.
pub(super) fn read_parameters(text: &str) -> Option<Parameters> {
    let device_id = |text: String| DeviceId::parse(&text);
    Some(match serde_json::from_str(text).ok()? {
        ParametersJson::None => Parameters::None,
        ParametersJson::Register(register) => Parameters::Register(RegisterParameters {
            username: register.username,
            guest_claim: register
                .guest_claim
                .map(TryInto::try_into)
                .transpose()
                .ok()?,
            device_id: register.device_id.map(device_id).transpose().ok()?,
            initial_device_display_name: register.initial_device_display_name,
            inhibit_login: register.inhibit_login,
        }),
        ParametersJson::DeleteDevices { device_ids } => {
            let device_ids = device_ids
                .into_iter()
                .map(device_id)
                .collect::<Result<_, _>>();
            Parameters::DeleteDevices(device_ids.ok()?)
        }
        ParametersJson::ChangePassword { logout_devices } => {
            Parameters::ChangePassword(if logout_devices {
                OtherDevices::LogOut
            } else {
                OtherDevices::Keep
            })
        }
        ParametersJson::AddThreepid { client_secret, sid } => Parameters::AddThreepid(
            ClientSecret::parse(&client_secret).ok()?,
            ValidationSessionId::new(sid),
        ),
        ParametersJson::Deactivate { erase } => Parameters::Deactivate(if erase {
            ErasePolicy::Erase
        } else {
            ErasePolicy::Keep
        }),
    })
}

pub(super) fn write_result(result: &StageResult) -> String {
    write(&match result {
        StageResult::Passed => ResultJson::Nothing,
        StageResult::Account(localpart, password) => ResultJson::Account {
            localpart: localpart.to_string(),
            password_digest: password.as_bytes().to_vec(),
        },
        StageResult::Threepid(proved) => ResultJson::Threepid {
            medium: proved.threepid.medium().to_string(),
            address: proved.threepid.address().to_owned(),
            validated_ts: proved.validated.unix_ms(),
        },
    })
}

/// `None` for text that this program did not write.
pub(super) fn read_result(text: &str) -> Option<StageResult> {
    Some(match serde_json::from_str(text).ok()? {
        ResultJson::Nothing => StageResult::Passed,
        ResultJson::Account {
            localpart,
            password_digest,
        } => StageResult::Account(
            Localpart::read(&localpart)?,
            TokenDigest::from_bytes(&password_digest)?,
        ),
        ResultJson::Threepid {
            medium,
            address,
            validated_ts,
        } => StageResult::Threepid(ValidatedThreepid {
            threepid: Threepid::from_canonical(Medium::parse(&medium)?, address),
            validated: Timestamp::from_unix_ms(validated_ts),
        }),
    })
}

fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .expect("strings, numbers, booleans and lists of strings are always valid JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_other_versions_can_be_read() {
        let text = r#"{"operation":"register","username":"alice","added_later":[1]}"#;
        let expected = RegisterParameters {
            username: Some("alice".to_owned()),
            ..RegisterParameters::default()
        };
        assert_eq!(read_parameters(text), Some(Parameters::Register(expected)));
    }

    #[test]
    fn junk_is_not_read() {
        let nul = r#"{"operation":"delete_devices","device_ids":["\u0000"]}"#;
        let secret = r#"{"operation":"add_threepid","client_secret":"a b","sid":"s"}"#;
        for junk in ["", "{}", "null", r#"{"operation":"other"}"#, nul, secret] {
            assert_eq!(read_parameters(junk), None, "{junk}");
        }
        let fax = r#"{"proved":"threepid","medium":"fax","address":"1","validated_ts":1}"#;
        for junk in ["", "{}", r#"{"proved":"account","localpart":""}"#, fax] {
            assert_eq!(read_result(junk), None, "{junk}");
        }
    }
}
