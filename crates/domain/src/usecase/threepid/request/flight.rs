//! Messages that nobody interrupts: they run to their end in the background, and the client waits.

use futures_channel::oneshot;

use super::{RequestTokenError, TokenRequests};
use crate::model::threepid::{ClientSecret, Threepid};
use crate::usecase::shared::flights::Turn;

impl TokenRequests {
    /// Waits until nothing else is sent for this client and address.
    pub(super) async fn turn(&self, client_secret: &ClientSecret, threepid: Threepid) -> Turn {
        let key = (client_secret.digest(), threepid);
        self.0.flights.turn(key).await
    }

    /// Runs work to its end, whether or not the caller still waits for it then.
    ///
    /// # Errors
    /// Those of the work; [`RequestTokenError::Busy`], and nothing has begun, or the process stops.
    pub(super) async fn to_the_end<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl Future<Output = Result<T, RequestTokenError>> + Send + 'static,
    ) -> Result<T, RequestTokenError> {
        let room = self.room()?;
        let (done, outcome) = oneshot::channel();
        room.run(Box::pin(async move {
            let outcome = work.await;
            drop(turn);
            // An error means that the client has gone.
            let _gone = done.send(outcome);
        }));
        outcome
            .await
            .unwrap_or_else(|_canceled| Err(RequestTokenError::Busy))
    }
}
