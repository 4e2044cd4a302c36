//! How requests are read: arguments and JSON.

use proptest::prelude::*;
use registrar_domain::model::given::Given;

use super::*;

fn value(text: &str) -> Given<String> {
    Given::Value(text.to_owned())
}

#[test]
fn arguments_are_read_as_synapse_does() {
    let rows = [
        ("", Given::Absent),
        ("a=b", Given::Absent),
        ("key", Given::Absent),
        ("Key=x", Given::Absent),
        ("key=", value("")),
        ("key=x", value("x")),
        ("key=x&key=y", value("x")),
        ("a=b;key=x", value("x")),
        ("a=b&;&key=x", value("x")),
        ("k%65y=x", value("x")),
        ("key=a+b%2B", value("a b+")),
        ("key=a=b", value("a=b")),
        ("key=%zz%4", value("%zz%4")),
        ("key=%00", value("\0")),
        ("key=a%26b%3Bc", value("a&b;c")),
        ("key=%C3%BC", Given::Malformed),
        ("key=%ff", Given::Malformed),
        ("key=ü", Given::Malformed),
    ];
    for (query, expected) in rows {
        let arguments = Arguments::of(&Method::GET, &HeaderMap::new(), query, b"key=body");
        assert_eq!(arguments.get("key"), expected, "{query}");
    }
}

#[test]
fn a_posted_form_counts_before_the_query() {
    let form = "application/x-www-form-urlencoded";
    let rows = [
        (Method::POST, form, value("form")),
        (
            Method::POST,
            "Application/X-WWW-Form-URLEncoded ; charset=utf-8",
            value("form"),
        ),
        (Method::POST, "application/json", value("query")),
        (Method::POST, "", value("query")),
        (Method::GET, form, value("query")),
        (Method::PUT, form, value("query")),
    ];
    for (method, content_type, expected) in rows {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        let arguments = Arguments::of(&method, &headers, "key=query&only=query", b"key=form");
        assert_eq!(arguments.get("key"), expected, "{method} {content_type}");
        assert_eq!(arguments.get("only"), value("query"));
    }
}

#[test]
fn bodies_are_strict_json_objects() {
    use JsonError::{NotAnObject, NotJson};
    let deep = |levels: usize| {
        let body = format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        body.into_bytes()
    };
    let rows: &[(&[u8], Result<usize, JsonError>)] = &[
        (b"{}", Ok(0)),
        (b" {\"a\":1} \r\n\t", Ok(1)),
        (b"{\"a\":1,\"a\":2}", Ok(1)),
        (b"", Err(NotJson)),
        (b" ", Err(NotJson)),
        (b"hello", Err(NotJson)),
        (b"{\"a\":", Err(NotJson)),
        (b"{\"a\":1,}", Err(NotJson)),
        (b"{} {}", Err(NotJson)),
        (b"\xef\xbb\xbf{}", Err(NotJson)),
        (b"\x0b{}", Err(NotJson)),
        (b"\x0c{}", Err(NotJson)),
        (b"\0", Err(NotJson)),
        (b"{\"a\":NaN}", Err(NotJson)),
        (b"{\"a\":-Infinity}", Err(NotJson)),
        (b"{\"a\":01}", Err(NotJson)),
        (b"{\"a\":\"x\ny\"}", Err(NotJson)),
        (b"{\"a\":\"\\x41\"}", Err(NotJson)),
        (b"{\"a\":\"\xff\"}", Err(NotJson)),
        (b"{\"a\":\"\\ud800\"}", Err(NotJson)),
        (b"{\"\\udc00\":1}", Err(NotJson)),
        (b"{\"a\":\"\\ud83d\\ude00\"}", Ok(1)),
        (b"null", Err(NotAnObject)),
        (b"[]", Err(NotAnObject)),
        (b"\"x\"", Err(NotAnObject)),
        (b"true", Err(NotAnObject)),
        (b"1", Err(NotAnObject)),
        (&deep(100), Ok(1)),
        (&deep(100_000), Err(NotJson)),
    ];
    for (body, expected) in rows {
        let decoded = decode(body).map(|object| object.len());
        assert_eq!(decoded, *expected, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn of_a_repeated_key_the_last_one_counts() {
    let object = decode(br#"{"a":"first","a":"last"}"#).unwrap();
    assert_eq!(Fields::of(&object).string("a"), value("last"));
}

#[test]
fn a_field_is_read_as_one_type() {
    let body = br#"{"s":"x","b":true,"i":-3,"f":1.0,"big":1e300,"n":null,"o":{"s":"y"},"l":["a"]}"#;
    let object = decode(body).unwrap();
    let fields = Fields::of(&object);
    assert_eq!(fields.string("s"), value("x"));
    assert_eq!(fields.string("b"), Given::Malformed);
    assert_eq!(fields.string("n"), Given::Null);
    assert_eq!(fields.string("none"), Given::Absent);
    assert_eq!(fields.boolean("b"), Given::Value(true));
    assert_eq!(fields.boolean("i"), Given::Malformed);
    assert_eq!(fields.integer("i"), Given::Value(-3));
    assert_eq!(fields.integer("f"), Given::Malformed);
    assert_eq!(fields.integer("big"), Given::Malformed);
    assert_eq!(
        fields.object("o", |inner| inner.string("s")),
        Given::Value(value("y"))
    );
    assert_eq!(fields.object("l", |_| ()), Given::Malformed);
    assert_eq!(fields.strings("l"), Given::Value(vec!["a".to_owned()]));
    assert_eq!(fields.strings("o"), Given::Malformed);
    assert!(fields.has_besides(&["s"]) && !fields.is_empty());
    assert!(!fields.has_besides(&["s", "b", "i", "f", "big", "n", "o", "l"]));
}

#[test]
fn a_list_of_strings_holds_nothing_else() {
    let object = decode(br#"{"l":["a",1],"e":[]}"#).unwrap();
    assert_eq!(Fields::of(&object).strings("l"), Given::Malformed);
    assert_eq!(Fields::of(&object).strings("e"), Given::Value(vec![]));
}

#[test]
fn what_counts_as_true() {
    let rows = [
        ("true", true),
        ("\"false\"", true),
        ("[0]", true),
        ("{\"a\":1}", true),
        ("-1", true),
        ("0.5", true),
        ("false", false),
        ("null", false),
        ("0", false),
        ("-0.0", false),
        ("\"\"", false),
        ("[]", false),
        ("{}", false),
    ];
    for (text, expected) in rows {
        let object = decode(format!("{{\"a\":{text}}}").as_bytes()).unwrap();
        assert_eq!(Fields::of(&object).is_truthy("a"), expected, "{text}");
    }
    assert!(!Fields::of(&decode(b"{}").unwrap()).is_truthy("a"));
}

proptest! {
    #[test]
    fn any_query_can_be_read(query in "[ -~ü]{0,60}", body: Vec<u8>, name in "[a-z%+]{0,3}") {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        let arguments = Arguments::of(&Method::POST, &headers, &query, &body);
        if let Given::Value(value) = arguments.get(&name) {
            prop_assert!(value.is_ascii());
        }
    }

    #[test]
    fn an_argument_is_read_back_as_it_was_encoded(value in "[ -~]{0,40}") {
        let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let query = format!("a=1&key={encoded}&key=2");
        let arguments = Arguments::of(&Method::GET, &HeaderMap::new(), &query, b"");
        prop_assert_eq!(arguments.get("key"), Given::Value(value));
    }

    #[test]
    fn any_body_can_be_decoded(body in any::<Vec<u8>>()) {
        let _object_or_error = decode(&body);
    }

    #[test]
    fn almost_json_can_be_decoded(body in r#"[\[\]{}:,"\\u0-9a-fd8 .eE+-]{0,60}"#) {
        let _object_or_error = decode(body.as_bytes());
    }
}
