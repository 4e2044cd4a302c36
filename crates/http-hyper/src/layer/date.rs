//! The `Date` header of responses.
//!
//! hyper adds one too, but caches it: after the clock has been set back it would be wrong until the
//! clock has passed the cached date.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use http::header::DATE;
use registrar_domain::model::clock::Clock;
use registrar_domain::model::time::Timestamp;

use super::{Answer, Inner};

/// The end of the year 9999, in milliseconds since 1970: there is no later date.
const LAST_MS: u64 = 253_402_300_799_000;

/// Adds the time of the clock to each response.
pub(crate) async fn date<B>(
    clock: Arc<dyn Clock>,
    request: http::Request<B>,
    mut inner: impl Inner<B>,
) -> Answer {
    let mut response = inner.call(request).await?;
    response.headers_mut().insert(DATE, header(clock.now()));
    Ok(response)
}

fn header(now: Timestamp) -> HeaderValue {
    let now_ms = u64::try_from(now.unix_ms()).unwrap_or(0).min(LAST_MS);
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms);
    HeaderValue::try_from(httpdate::fmt_http_date(now))
        .expect("letters, digits, commas and colons make a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_date() {
        let rows = [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_700_000_000_999, "Tue, 14 Nov 2023 22:13:20 GMT"),
            (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (i64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ];
        for (unix_ms, expected) in rows {
            assert_eq!(header(Timestamp::from_unix_ms(unix_ms)), expected);
        }
    }
}
