//! How a person says who they are when they give a password: by name, email address or phone number.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#identifier-types>

use crate::model::given::Given;
use crate::model::id::{Localpart, UserId};
use crate::model::threepid::{EmailAddress, Medium, PhoneNumber, Threepid};
use crate::ports::{Intent, StoreError};
use crate::usecase::shared::Shared;

/// What a request says about the person, in all the ways there are.
#[derive(Clone, Debug, Default)]
pub struct IdentityClaim {
    /// `identifier`.
    pub identifier: Given<Identifier>,
    /// Legacy top-level `user`; wins over `identifier`.
    pub user: Given<String>,
    /// Legacy top-level `medium`; wins over `identifier` together with `address`.
    pub medium: Given<String>,
    /// Legacy top-level `address`.
    pub address: Given<String>,
}

/// The `identifier` object. Which fields matter depends on the type.
#[derive(Clone, Debug, Default)]
pub struct Identifier {
    /// `type`: `m.id.user`, `m.id.thirdparty` or `m.id.phone`.
    pub id_type: Given<String>,
    /// `user`, for `m.id.user`.
    pub user: Given<String>,
    /// `medium`, for `m.id.thirdparty`.
    pub medium: Given<String>,
    /// `address`, for `m.id.thirdparty`.
    pub address: Given<String>,
    /// `country`, for `m.id.phone`.
    pub country: Given<String>,
    /// `phone`, for `m.id.phone`.
    pub phone: Given<String>,
    /// `number`, the older name of `phone`.
    pub number: Given<String>,
}

/// Why nobody was identified.
#[derive(Debug, thiserror::Error)]
pub enum IdentifierError {
    /// Neither an identifier nor one of its legacy forms.
    #[error("`identifier` is missing")]
    Missing,
    /// The identifier is not an object, or a field of it has the wrong type.
    #[error("`identifier` is malformed")]
    Malformed,
    /// The identifier has no `type`.
    #[error("the identifier has no `type`")]
    TypeMissing,
    /// A phone identifier without country or number, or with a number that is none.
    #[error("this is not a valid phone identifier")]
    BadPhone,
    /// A third-party identifier without medium or address.
    #[error("this is not a valid third-party identifier")]
    BadThreepid,
    /// An email address that is none.
    #[error("this is not an email address")]
    BadEmail,
    /// A type that this server does not know.
    #[error("the identifier type is not known")]
    UnknownType,
    /// A user identifier without a user.
    #[error("the identifier has no `user`")]
    UserMissing,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody, as named by the request. Whether the account exists is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The localpart on this server; `None` when nobody here has the name or the address.
    pub(crate) localpart: Option<Localpart>,
    /// The key under which failures are counted: the name or address that was given, never the account
    /// behind an address. Otherwise failures with a name would disclose which addresses its account has.
    pub(crate) failure_key: String,
}

impl IdentityClaim {
    /// Does the claim name anyone, in whatever form?
    pub(crate) fn is_present(&self) -> bool {
        self.identifier.is_present()
            || self.user.is_present()
            || (self.medium.is_present() && self.address.is_present())
    }

    /// The identifier, with the legacy forms turned into today's.
    fn effective(&self) -> Result<Identifier, IdentifierError> {
        let user = || Given::Value("m.id.user".to_owned());
        if self.user.is_present() {
            return Ok(Identifier {
                id_type: user(),
                user: self.user.clone(),
                ..Default::default()
            });
        }
        if self.medium.is_present() && self.address.is_present() {
            return Ok(Identifier {
                id_type: Given::Value("m.id.thirdparty".to_owned()),
                medium: self.medium.clone(),
                address: self.address.clone(),
                ..Default::default()
            });
        }
        match &self.identifier {
            Given::Absent | Given::Null => Err(IdentifierError::Missing),
            Given::Malformed => Err(IdentifierError::Malformed),
            Given::Value(identifier) => Ok(identifier.clone()),
        }
    }
}

/// Finds out whom a claim names, looking third-party identifiers up.
pub(crate) async fn resolve(
    shared: &Shared,
    claim: &IdentityClaim,
) -> Result<Named, IdentifierError> {
    let identifier = claim.effective()?;
    let id_type = identifier.id_type.optional(IdentifierError::Malformed)?;
    match id_type.ok_or(IdentifierError::TypeMissing)?.as_str() {
        "m.id.user" => named_user(shared, &identifier),
        "m.id.phone" => owner_of(shared, phone(&identifier)?.into()).await,
        "m.id.thirdparty" => match threepid(&identifier)? {
            Some(threepid) => owner_of(shared, threepid).await,
            None => Ok(Named {
                localpart: None,
                failure_key: "another medium".to_owned(),
            }),
        },
        _ => Err(IdentifierError::UnknownType),
    }
}

/// The user that an application service names: by `m.id.user` and in no other way.
///
/// `None` for a name that cannot be one of this server's users.
pub(crate) fn user_of(
    shared: &Shared,
    claim: &IdentityClaim,
) -> Result<Option<Localpart>, IdentifierError> {
    let identifier = claim.effective()?;
    if identifier
        .id_type
        .value()
        .is_none_or(|kind| kind != "m.id.user")
    {
        return Err(IdentifierError::Malformed);
    }
    let user = identifier.user.value().ok_or(IdentifierError::Malformed)?;
    Ok(UserId::read_local(user, &shared.policy.server_name))
}

fn named_user(shared: &Shared, identifier: &Identifier) -> Result<Named, IdentifierError> {
    let user = identifier.user.optional(IdentifierError::Malformed)?;
    let user = user
        .filter(|user| !user.is_empty())
        .ok_or(IdentifierError::UserMissing)?;
    let localpart = UserId::read_local(user, &shared.policy.server_name);
    let failure_key = match &localpart {
        Some(localpart) => shared.user_id(localpart).to_string().to_lowercase(),
        None => user.to_lowercase(),
    };
    Ok(Named {
        localpart,
        failure_key,
    })
}

fn phone(identifier: &Identifier) -> Result<PhoneNumber, IdentifierError> {
    let text = |field: &Given<String>| field.value().cloned();
    let number = text(&identifier.phone).or_else(|| text(&identifier.number));
    let (Some(country), Some(number)) = (text(&identifier.country), number) else {
        return Err(IdentifierError::BadPhone);
    };
    PhoneNumber::parse(&country, &number).map_err(|_| IdentifierError::BadPhone)
}

/// The address; `None` for one of a medium that nobody here has addresses of.
fn threepid(identifier: &Identifier) -> Result<Option<Threepid>, IdentifierError> {
    let (Some(medium), Some(address)) = (identifier.medium.value(), identifier.address.value())
    else {
        return Err(IdentifierError::BadThreepid);
    };
    match Medium::parse(medium) {
        Some(Medium::Email) => EmailAddress::parse(address)
            .map(|address| Some(address.into()))
            .map_err(|_| IdentifierError::BadEmail),
        Some(Medium::Msisdn) => Ok(Some(Threepid::from_canonical(
            Medium::Msisdn,
            address.clone(),
        ))),
        None => Ok(None),
    }
}

async fn owner_of(shared: &Shared, threepid: Threepid) -> Result<Named, IdentifierError> {
    let storable = !threepid.address().contains('\0');
    let localpart = if storable {
        let mut uow = shared.ports.store.begin(Intent::Read).await?;
        uow.threepids().find_owner(&threepid).await?
    } else {
        None
    };
    Ok(Named {
        localpart,
        failure_key: format!("{}:{}", threepid.medium(), threepid.address()),
    })
}
