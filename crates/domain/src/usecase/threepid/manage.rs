//! `/account/3pid` and what lies below: an account looks after its email addresses and phone numbers.
//!
//! [`list`](AccountThreepids::list), removal and the rest are here, adding is in `add`, which needs a
//! proof.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#adding-account-administrative-contact-information>

mod add;
mod error;
mod proof;

use std::sync::Arc;

pub use add::{AddOutcome, AddRequest};
pub use error::ThreepidError;

use crate::model::given::Given;
use crate::model::threepid::{AccountThreepid, EmailAddress, Medium, Threepid};
use crate::ports::{Intent, StoreError};
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Requester;
use crate::usecase::uia::auth::ThreepidCredentials;

/// The use-case.
#[derive(Clone)]
pub struct AccountThreepids(Arc<Shared>);

/// An identifier, as a client names it.
#[derive(Clone, Debug, Default)]
pub struct NamedThreepid {
    /// `medium`.
    pub medium: Given<String>,
    /// `address`, in any form that has the same canonical one.
    pub address: Given<String>,
    /// `id_server`: where it should be unbound. This server binds none, so there is nothing to unbind.
    pub id_server: Given<String>,
}

/// A request to bind an identifier at an identity server.
#[derive(Clone, Debug, Default)]
pub struct BindRequest {
    /// The validation session at that identity server.
    pub credentials: ThreepidCredentials,
    /// `id_server`.
    pub id_server: Given<String>,
    /// `id_access_token`.
    pub id_access_token: Given<String>,
}

impl AccountThreepids {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// The requester's identifiers, ordered by medium and address.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, requester: &Requester) -> Result<Vec<AccountThreepid>, StoreError> {
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        uow.threepids().list(&requester.account.localpart).await
    }

    /// Changes to identifiers, if accounts may change theirs. Clients are told so before anything else
    /// about a request is looked at.
    ///
    /// # Errors
    /// [`ThreepidError::ChangesForbidden`].
    pub fn changes(&self) -> Result<ThreepidChanges<'_>, ThreepidError> {
        if self.0.policy.threepids.changes_allowed {
            Ok(ThreepidChanges(&self.0))
        } else {
            Err(ThreepidError::ChangesForbidden)
        }
    }

    /// Checks a request to unbind an identifier. There is nothing to do: this server binds none, and an
    /// identity server unbinds only what a homeserver has signed.
    ///
    /// # Errors
    /// [`ThreepidError`].
    pub fn unbind(&self, named: &NamedThreepid) -> Result<(), ThreepidError> {
        named.read().map(|_| ())
    }

    /// Refuses to bind an identifier: this server talks to the identity servers that its operator
    /// chose, and to no other that a client may name.
    ///
    /// # Errors
    /// [`ThreepidError`], always; [`ThreepidError::ServerNotTrusted`] when the request itself is in
    /// order.
    pub fn bind(&self, request: &BindRequest) -> Result<(), ThreepidError> {
        proof::Proof::read(&request.credentials)?;
        proof::required(&request.id_server, "id_server")?;
        proof::required(&request.id_access_token, "id_access_token")?;
        Err(ThreepidError::ServerNotTrusted)
    }
}

/// Changes to the identifiers of accounts, on a server that allows them.
#[derive(Clone, Copy)]
pub struct ThreepidChanges<'a>(&'a Shared);

impl ThreepidChanges<'_> {
    /// Takes an identifier away from the requester's account. One that the account does not have is as
    /// good as taken away.
    ///
    /// # Errors
    /// [`ThreepidError`].
    pub async fn remove(
        &self,
        requester: &Requester,
        named: &NamedThreepid,
    ) -> Result<(), ThreepidError> {
        let threepid = named.read()?;
        let shared = self.0;
        let removed = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let localpart = &requester.account.localpart;
                let removed = uow.threepids().remove(localpart, &threepid).await?;
                uow.commit().await?;
                Ok::<_, StoreError>(removed)
            })
            .await?;
        if removed {
            let localpart = &requester.account.localpart;
            tracing::info!(account.localpart = %localpart, medium = %threepid.medium(), "third-party identifier removed");
        }
        Ok(())
    }
}

impl NamedThreepid {
    /// The longest address that is looked up, in bytes.
    const MAX_ADDRESS_BYTES: usize = 4 * EmailAddress::MAX_CHARS;

    fn read(&self) -> Result<Threepid, ThreepidError> {
        let medium = proof::required(&self.medium, "medium")?;
        let address = proof::required(&self.address, "address")?;
        self.id_server
            .optional(ThreepidError::MalformedField("id_server"))?;
        if address.len() > Self::MAX_ADDRESS_BYTES {
            return Err(ThreepidError::MalformedField("address"));
        }
        match Medium::parse(medium) {
            None => Err(ThreepidError::MalformedField("medium")),
            Some(Medium::Email) => Ok(EmailAddress::parse(address)?.into()),
            Some(Medium::Msisdn) if address.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Threepid::from_canonical(Medium::Msisdn, address.to_owned()))
            }
            Some(Medium::Msisdn) => Err(ThreepidError::MalformedField("address")),
        }
    }
}
