//! An HTTP/1.1 client that costs next to nothing, so that what is measured is the server.
//!
//! A client for everyday use takes as much processor time for an answer as the server that does
//! nothing, and would be measured instead of it where each has one core.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::question::Question;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest answer, in bytes.
const MAX_ANSWER: usize = 16 * 1024;
/// The most headers of an answer.
const MAX_HEADERS: usize = 32;

/// A connection that is kept alive, with at most one request on its way.
pub(super) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    /// # Errors
    /// When nobody listens there.
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            request: Vec::new(),
            answer: vec![0; MAX_ANSWER],
        })
    }

    /// Asks, waits for the answer, and returns its body. Questions that differ have different numbers.
    ///
    /// # Errors
    /// When there is no answer or another than expected.
    pub(super) fn ask(&mut self, question: Question<'_>, number: u64) -> Result<&[u8]> {
        self.send(question, number)?;
        self.receive(question)
    }

    /// Asks.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) fn send(&mut self, question: Question<'_>, number: u64) -> Result<()> {
        self.request.clear();
        question.write(number, &mut self.request)?;
        self.stream
            .write_all(&self.request)
            .context("a request cannot be sent")
    }

    /// Waits for the answer to what was asked, and returns its body.
    ///
    /// # Errors
    /// When there is no answer or another than expected.
    pub(super) fn receive(&mut self, question: Question<'_>) -> Result<&[u8]> {
        let mut filled = 0;
        loop {
            match self.stream.read(&mut self.answer[filled..]) {
                Ok(0) => bail!("a connection was closed, or an answer is too long"),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("there is no answer"),
            }
            let Some(Answer { status, head, body }) = parse(&self.answer[..filled])? else {
                continue;
            };
            ensure!(
                status == question.expected_status(),
                "{question:?} was answered with {}",
                String::from_utf8_lossy(&self.answer[..filled])
            );
            return Ok(&self.answer[head..head + body]);
        }
    }
}

/// A complete answer.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    /// The length of its head, in bytes.
    head: usize,
    /// The length of its body, in bytes.
    body: usize,
}

/// `None` while something is missing.
fn parse(bytes: &[u8]) -> Result<Option<Answer>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes)? else {
        return Ok(None);
    };
    let length = response
        .headers
        .iter()
        .find(|it| it.name.eq_ignore_ascii_case("content-length"))
        .context("an answer does not tell its length")?;
    let body = std::str::from_utf8(length.value)?.parse()?;
    let status = response.code.context("an answer has no status")?;
    let is_whole = bytes.len() >= head + body;
    Ok(is_whole.then_some(Answer { status, head, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_when_they_are_complete() {
        let bytes = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nX: y\r\n\r\n{}";
        let expected = Answer {
            status: 401,
            head: bytes.len() - 2,
            body: 2,
        };
        assert_eq!(parse(bytes).unwrap(), Some(expected));
        for missing in 1..bytes.len() {
            let part = &bytes[..bytes.len() - missing];
            assert_eq!(parse(part).unwrap(), None, "{missing}");
        }
    }

    #[test]
    fn answers_of_unknown_length_are_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
