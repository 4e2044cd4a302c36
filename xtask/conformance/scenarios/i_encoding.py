"""Bytes that are not quite JSON, and strings that are hard to store."""

from runner.scenario import S

PW = "Secret-Passw0rd-1"


@S(
    "open",
    cases={
        "invalid_utf8": b'{"username":"\xff\xfe"}',
        "bom": b"\xef\xbb\xbf{}",
        "nan": b'{"a":NaN}',
        "huge_int": b'{"a":' + b"9" * 400 + b"}",
        "trailing_comma": b'{"a":1,}',
        "trailing_garbage": b"{} {}",
        "trailing_space": b"{} \n",
        "raw_newline": b'{"a":"x\ny"}',
        "bad_escape": b'{"a":"\\x41"}',
        "nul_only": b"\x00",
        "true": b"true",
        "leading_zero": b'{"a":01}',
        "vertical_tab": b"\x0b{}",
        "form_feed": b"\x0c{}",
        "lone_surrogate_key": b'{"\\ud800":1}',
    },
)
def body_bytes(c, b):
    c.POST("/register", body=b)


@S(
    "open",
    cases={
        "arrays_100": b'{"a":' + b"[" * 100 + b"]" * 100 + b"}",
        "objects_100k": b'{"a":' * 100000 + b"1" + b"}" * 100000,
        "arrays_10k": b'{"a":' + b"[" * 10000 + b"]" * 10000 + b"}",
    },
)
def body_depth(c, b):
    c.POST("/register", body=b, loose="class")
    c.POST("/register", {})


@S(
    "open",
    cases={
        "charset_utf8": "application/json; charset=utf-8",
        "multipart": "multipart/form-data; boundary=x",
        "upper": "APPLICATION/JSON",
        "cbor": "application/cbor",
    },
)
def content_type(c, t):
    c.POST("/register", body=b'{"username":"\xc3\xbc"}', ctype=t)


@S(
    "open",
    cases={
        "len511": "p" * 511,
        "len513": "p" * 513,
        "unicode513": "ü" * 513,
        "space": " ",
        "newline": "a\nb",
        "b72": "x" * 72,
    },
)
def password_value(c, p):
    u = c.user("alice")
    r = c.POST("/register", {"username": u, "password": p, "auth": {"type": "m.login.dummy"}})
    if r.status == 200:
        c.POST("/login", {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": u}, "password": p})
        c.POST(
            "/login", {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": u}, "password": p + "!"}
        )


@S(
    "open",
    cases={
        "nul": "a\x00b",
        "newline": "a\nb",
        "zwsp": "a\u200bb",
        "cyrillic": "аbc",
        "trailing_space": "abc ",
        "mxid": "@abc:oracle.test",
        "dot": ".",
        "dash": "-",
        "equals": "=",
        "numeric_leading": "007",
        "long_s": "ſabc",
    },
)
def username_value(c, v):
    c.POST("/register", {"username": v, "password": PW})


@S("open", cases={"mxid255": 255, "local512": -512})
def username_length(c, n):
    u = c.user("u")
    total = n - len(f"@:{c.server}") if n > 0 else -n
    u = c.let("longname", u + "x" * (total - len(u)))
    c.POST("/register", {"username": u, "password": PW, "auth": {"type": "m.login.dummy"}})
    c.GET("/register/available?username=" + u)


@S("open", cases={"len512": "D" * 512, "unicode": "dévice 😀", "slash": "a/b", "nul": "a\x00b"})
def device_id_value(c, d):
    r = c.POST("/register", {"username": c.user(), "password": PW, "device_id": d, "auth": {"type": "m.login.dummy"}})
    if r.status == 200:
        c.GET("/account/whoami", token=r["access_token"])


@S("open", cases={"len100": "n" * 100, "nul": "a\x00b", "unicode": "名前 😀"})
def display_name_value(c, d):
    r = c.POST(
        "/register",
        {
            "username": c.user(),
            "password": PW,
            "device_id": "DEV",
            "initial_device_display_name": d,
            "auth": {"type": "m.login.dummy"},
        },
    )
    if r.status == 200:
        c.GET("/devices/DEV", token=r["access_token"], loose="noheaders")


@S(
    "email",
    cases={
        "upper": "A",
        "plus": "a+b",
        "unicode": "ü",
        "nul": "a\x00b",
        "long": "l" * 600,
        "slash": "a/b",
        "leading_space": " a",
    },
)
def email_local_part(c, lp):
    e = lp + c.uniq("t", 4) + "@Example.org"
    c.POST(
        "/register/email/requestToken",
        {"client_secret": c.secret(), "email": e, "send_attempt": 1},
        loose="status" if lp == "ü" else None,
    )


@S("email", cases={"no_dot": "localhost", "unicode": "bücher.example", "empty": "", "upper": "EXAMPLE.ORG"})
def email_domain(c, d):
    c.POST(
        "/register/email/requestToken",
        {"client_secret": c.secret(), "email": c.uniq("lp", 5, "m") + "@" + d, "send_attempt": 1},
        loose="status" if d.startswith("bü") else None,
    )


@S("email", cases={"len255": "s" * 255, "plus": "a+b", "newline": "a\n", "percent": "a%b"})
def client_secret_value(c, s):
    c.POST("/register/email/requestToken", {"client_secret": s, "email": c.email(), "send_attempt": 1})
