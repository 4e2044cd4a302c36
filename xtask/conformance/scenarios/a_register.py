"""Plain registration: UIA discovery, dummy stage, parameters, and what the new account can do."""

from runner.scenario import S

PW = "Secret-Passw0rd-1"


@S("open")
def reg_discovery(c):
    """POST {} opens a UIA session and lists the flows."""
    r = c.POST("/register", {})
    c.let("session", r["session"])
    c.POST("/register", {"auth": {"session": r["session"]}})


@S("open")
def reg_two_step(c):
    u = c.user("alice")
    s = c.start(username=u, password=PW)
    r = c.stage("m.login.dummy", s, body={"username": u, "password": PW})
    c.GET("/account/whoami", token=r["access_token"])


@S("open")
def reg_one_step(c):
    """auth with m.login.dummy and no session completes in one request."""
    u = c.user("alice")
    c.POST("/register", {"username": u, "password": PW, "auth": {"type": "m.login.dummy"}})


@S("open")
def reg_params_from_session(c):
    """The second request may leave out username and password."""
    u = c.user("alice")
    s = c.start(username=u, password=PW)
    c.stage("m.login.dummy", s)
    c.POST("/login", {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": u}, "password": PW})


@S("open")
def reg_no_username(c):
    """Without a username the server makes one up."""
    s = c.start(password=PW)
    r = c.stage("m.login.dummy", s, body={"password": PW})
    c.check("user_id is on this server", r["user_id"].endswith(":" + c.server))


@S("open")
def reg_missing_password(c):
    u = c.user("alice")
    s = c.start(username=u)
    c.stage("m.login.dummy", s, body={"username": u})


@S("open")
def reg_username_taken(c):
    u = c.user("alice")
    c.register(u)
    c.POST("/register", {"username": u, "password": PW})


@S("open")
def reg_username_upper(c):
    """Upper case is folded."""
    u = c.user("alice")
    s = c.start(username=u.upper(), password=PW)
    c.stage("m.login.dummy", s, body={"username": u.upper(), "password": PW})


@S(
    "open",
    cases={
        "space": "a b",
        "at": "@abc",
        "colon": "a:b",
        "empty": "",
        "underscore": "_abc",
        "bang": "a!b",
        "nonascii": "ünder",
        "emoji": "a\U0001f600",
        "percent": "a%20b",
    },
)
def reg_bad_username(c, v):
    c.POST("/register", {"username": v, "password": PW})


@S("open")
def reg_numeric_username(c):
    c.POST("/register", {"username": "1234567", "password": PW})


@S("open")
def reg_good_username_chars(c):
    u = c.user("al") + "=_-./+"
    c.let("odd", u)
    c.POST("/register", {"username": u, "password": PW, "auth": {"type": "m.login.dummy"}})


@S("open")
def reg_device_id(c):
    u = c.user("alice")
    r = c.POST(
        "/register",
        {
            "username": u,
            "password": PW,
            "device_id": "MYDEVICE",
            "initial_device_display_name": "My phone",
            "auth": {"type": "m.login.dummy"},
        },
    )
    c.GET("/account/whoami", token=r["access_token"])
    c.GET("/devices/MYDEVICE", token=r["access_token"], loose="noheaders")


@S("open")
def reg_inhibit_login(c):
    u = c.user("alice")
    c.POST("/register", {"username": u, "password": PW, "inhibit_login": True, "auth": {"type": "m.login.dummy"}})
    c.POST("/login", {"type": "m.login.password", "user": u, "password": PW})


@S("open")
def reg_repeat_finished_session(c):
    """Posting the finished session again answers with the same user."""
    u = c.user("alice")
    s = c.start(username=u, password=PW)
    c.stage("m.login.dummy", s, body={"username": u, "password": PW})
    c.stage("m.login.dummy", s, body={"username": u, "password": PW})


@S("open")
def reg_unknown_session(c):
    c.POST(
        "/register",
        {"username": c.user(), "password": PW, "auth": {"type": "m.login.dummy", "session": "nosuchsession"}},
    )


@S("open")
def reg_unknown_stage(c):
    u = c.user()
    s = c.start(username=u, password=PW)
    c.stage("m.login.nonsense", s)


@S(
    "open",
    cases={
        "r0": "/_matrix/client/r0/register",
        "unstable": "/_matrix/client/unstable/register",
        "v1": "/_matrix/client/v1/register",
        "apiv1": "/_matrix/client/api/v1/register",
    },
)
def reg_prefix(c, p):
    c.POST(p, {})


@S("open", cases={"user": "user", "guest": "guest", "other": "wizard", "empty": ""})
def reg_kind(c, k):
    c.POST("/register?kind=" + k, {})


@S(
    "open",
    cases={
        "not_json": b"hello",
        "empty": b"",
        "array": b"[]",
        "string": b'"x"',
        "truncated": b'{"a":',
        "null": b"null",
    },
)
def reg_bad_body(c, b):
    c.POST("/register", body=b)


@S("open", cases={"text": "text/plain", "none": None, "form": "application/x-www-form-urlencoded"})
def reg_content_type(c, t):
    c.POST("/register", body=b"{}", ctype=t)


@S("open")
def reg_get(c):
    c.GET("/register")


@S("open")
def reg_options(c):
    c.OPTIONS(
        "/register",
        headers=[
            ("Origin", "https://app.example"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type"),
        ],
    )


@S("open")
def reg_with_access_token(c):
    r = c.register(c.user("bob"))
    c.POST("/register", {"username": c.user("alice"), "password": PW}, token=r["access_token"])


@S("open")
def account_logout(c):
    r = c.register(c.user("bob"))
    t = c.let("at", r["access_token"])
    c.GET("/account/whoami", token=t)
    c.POST("/logout", {}, token=t)
    c.GET("/account/whoami", token=t)


@S("open")
def account_logout_all(c):
    u = c.user("bob")
    r = c.register(u)
    l = c.POST("/login", {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": u}, "password": PW})
    c.POST("/logout/all", {}, token=l["access_token"])
    c.GET("/account/whoami", token=r["access_token"])
    c.GET("/account/whoami", token=l["access_token"])


@S("open")
def account_login_flows(c):
    c.GET("/login")


@S("open")
def account_login_wrong_password(c):
    u = c.user("bob")
    c.register(u)
    c.POST("/login", {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": u}, "password": "nope"})
    c.POST("/login", {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": u + "x"}, "password": PW})


@S("open")
def account_whoami_bad_token(c):
    c.GET("/account/whoami")
    c.GET("/account/whoami", token="nonsense")
    c.GET("/account/whoami?access_token=nonsense")


@S("open")
def account_profile(c):
    """The display name starts as the local part."""
    u = c.user("bob")
    c.register(u)
    c.GET(f"/profile/@{u}:{c.server}/displayname", loose="noheaders")


@S("open")
def versions(c):
    r = c.quiet("GET", "/_matrix/client/versions")
    c.check("has v1.2 or r0.6.1", any(v in r["versions"] for v in ("v1.2", "r0.6.1")))


@S("disabled")
def disabled_register(c):
    c.POST("/register", {})
    c.POST("/register", {"username": c.user(), "password": PW, "auth": {"type": "m.login.dummy"}})


@S("disabled")
def disabled_available(c):
    c.GET("/register/available?username=" + c.user())


@S("disabled")
def disabled_guest(c):
    c.POST("/register?kind=guest", {})


@S("disabled")
def disabled_email_request(c):
    c.POST("/register/email/requestToken", {"client_secret": "abc", "email": c.email(), "send_attempt": 1})


@S("disabled")
def disabled_validity(c):
    c.GET("/_matrix/client/v1/register/m.login.registration_token/validity?token=x")
