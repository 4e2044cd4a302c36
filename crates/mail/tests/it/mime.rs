//! Just enough MIME to read our own mails.

/// The value of a header, unfolded but not decoded.
pub(crate) fn header(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    let mut values = head.split("\r\n").filter_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then(|| value.to_owned())
    });
    let value = values.next();
    assert_eq!(values.next(), None, "{name} twice");
    value
}

/// Content types and decoded bodies of the parts.
pub(crate) fn parts(mail: &str) -> Vec<(String, String)> {
    let content_type = header(mail, "Content-Type").unwrap();
    let (_, rest) = content_type.split_once("boundary=\"").unwrap();
    let boundary = format!("--{}", rest.trim_end_matches('"'));
    let pieces: Vec<&str> = mail.split(&boundary).collect();
    pieces[1..pieces.len() - 1]
        .iter()
        .map(|piece| part(piece.trim_start()))
        .collect()
}

fn part(piece: &str) -> (String, String) {
    let (_, body) = piece.split_once("\r\n\r\n").unwrap();
    let body = match header(piece, "Content-Transfer-Encoding").as_deref() {
        Some("quoted-printable") => quoted_printable(body),
        Some("7bit") => body.to_owned(),
        other => panic!("unexpected encoding {other:?}"),
    };
    (
        header(piece, "Content-Type").unwrap(),
        body.replace("\r\n", "\n"),
    )
}

fn quoted_printable(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        if let (b'=', [high, low, after @ ..]) = (first, after) {
            let digits = [*high, *low];
            let digits = std::str::from_utf8(&digits).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}
