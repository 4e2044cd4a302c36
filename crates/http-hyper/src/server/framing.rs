//! Requests that say twice how long they are.
//!
//! When a request has both `Content-Length` and `Transfer-Encoding`, hyper follows the latter, hides
//! the former, and closes the connection after the answer, so nothing can be smuggled in behind it.
//! But whoever sends that is broken or up to something, and should hear so: therefore heads are
//! also looked at on their way to hyper. A head that arrives together with the end of the request
//! before it is not seen here, and is left to hyper alone.

use std::sync::{Mutex, PoisonError};

/// Heads that are longer are refused by hyper.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Looks at the heads of an HTTP/1 connection as they are read.
pub(super) struct HeadWatch(Mutex<State>);

enum State {
    /// Reading a head, of which so much has come.
    Head(Vec<u8>),
    /// Past the head, which was ambiguous or not.
    Past { is_ambiguous: bool },
}

impl HeadWatch {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State::Head(Vec::new())))
    }

    /// Bytes were read from the connection.
    pub(super) fn observe(&self, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Head(head) = &mut *state else {
            return;
        };
        head.extend_from_slice(bytes);
        let end = end_of_head(head);
        if end.is_some() || head.len() > MAX_HEAD_BYTES {
            let is_ambiguous = end.is_some_and(|end| is_ambiguous(&head[..end]));
            *state = State::Past { is_ambiguous };
        }
    }

    /// A request begins: was its head ambiguous?
    pub(super) fn begin(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = std::mem::replace(
            &mut *state,
            State::Past {
                is_ambiguous: false,
            },
        );
        matches!(begun, State::Past { is_ambiguous: true })
    }

    /// The request has been answered: the next bytes are a head again.
    pub(super) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::Head(Vec::new());
    }
}

/// Where the blank line after the head begins. Lines may end without a carriage return.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    lines.map(|(at, _)| at).find(|at| {
        let rest = &bytes[at + 1..];
        rest.starts_with(b"\n") || rest.starts_with(b"\r\n")
    })
}

fn is_ambiguous(head: &[u8]) -> bool {
    let has = |name: &str| {
        head.split(|byte| *byte == b'\n').any(|line| {
            let colon = line.iter().position(|byte| *byte == b':');
            colon.is_some_and(|colon| line[..colon].eq_ignore_ascii_case(name.as_bytes()))
        })
    };
    has("content-length") && has("transfer-encoding")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_both_headers_of_one_head_are_ambiguous() {
        let rows: [(&[&str], bool); 7] = [
            (
                &["POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
                true,
            ),
            (
                &["POST / HTTP/1.1\r\ntransfer-encoding: x\r\nCONTENT-LENGTH:1\r\n\r\n"],
                true,
            ),
            (
                &["POST / HTTP/1.1\nTransfer-Encoding: x\nContent-Length: 1\n\n"],
                true,
            ),
            (
                &[
                    "POST / HTTP/1.1\r\nContent-Le",
                    "ngth: 1\r\nTransfer-Encoding: x\r\n\r",
                    "\n",
                ],
                true,
            ),
            (
                &[
                    "POST / HTTP/1.1\r\nContent-Length: 36\r\n\r\nTransfer-Encoding: chunked\r\n\r\n",
                ],
                false,
            ),
            (
                &["POST / HTTP/1.1\r\nX: Content-Length:\r\nTransfer-Encoding: chunked\r\n\r\n"],
                false,
            ),
            (
                &["POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"],
                false,
            ),
        ];
        for (reads, expected) in rows {
            let watch = HeadWatch::new();
            for read in reads {
                watch.observe(read.as_bytes());
            }
            assert_eq!(watch.begin(), expected, "{reads:?}");
        }
    }

    #[test]
    fn bodies_are_not_looked_at_and_the_next_head_is() {
        let watch = HeadWatch::new();
        watch.observe(b"POST / HTTP/1.1\r\nContent-Length: 30\r\n\r\n");
        assert!(!watch.begin());
        watch.observe(b"Content-Length: 1\r\nTransfer-Encoding: x\r\n\r\n");
        watch.end();
        watch.observe(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n\r\n");
        assert!(watch.begin());
    }
}
