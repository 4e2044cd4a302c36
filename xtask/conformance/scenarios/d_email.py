"""Registration with an e-mail address."""

from runner.scenario import S

PW = "Secret-Passw0rd-1"
RT = "/register/email/requestToken"
E = "m.login.email.identity"


@S("email")
def email_flows(c):
    c.POST("/register", {})


@S("email_optional")
def email_optional_flows(c):
    c.POST("/register", {})


@S("email")
def email_full(c):
    """requestToken, click the link, finish, and the address is on the account."""
    a, cs, u = c.email(), c.secret(), c.user("alice")
    s = c.start(username=u, password=PW)
    r = c.POST(RT, {"client_secret": cs, "email": a, "send_attempt": 1})
    sid = c.let("sid", r["sid"])
    creds = {"client_secret": cs, "sid": sid}
    c.stage(E, s, threepid_creds=creds)  # not validated yet
    l = c.link(a)
    c.note(
        "link",
        {
            "path": l["path"],
            "params": sorted(k for k in l if k not in ("path", "url")),
            "sid": l["sid"],
            "client_secret": l["client_secret"],
        },
    )
    c.GET(l["url"], probes=["(?i)valid|verified|success"])
    r = c.stage(E, s, threepid_creds=creds, body={"username": u, "password": PW})
    c.GET("/account/3pid", token=r["access_token"], loose="noheaders")


@S("email")
def email_mail(c):
    a = c.email()
    c.POST(RT, {"client_secret": c.secret(), "email": a, "send_attempt": 1})
    m = c.mail_count(a, 1)[0]
    c.note("from", m["from"])
    c.check("html and text", bool(m["text"]) and bool(m["html"]))
    c.check("link begins with the base url", any(x.startswith(c.env.base + "/") for x in m["links"]))


@S("email")
def email_send_attempt(c):
    """Same attempt: same sid and no new mail; higher attempt: same sid and a new mail."""
    a, cs = c.email(), c.secret()
    r = c.POST(RT, {"client_secret": cs, "email": a, "send_attempt": 1})
    c.let("sid", r["sid"])
    c.POST(RT, {"client_secret": cs, "email": a, "send_attempt": 1})
    c.mail_count(a, 1)
    c.POST(RT, {"client_secret": cs, "email": a, "send_attempt": 2})
    c.mail_count(a, 2)


@S("email")
def email_other_secret(c):
    a = c.email()
    r = c.POST(RT, {"client_secret": c.secret("cs1"), "email": a, "send_attempt": 1})
    s1 = c.let("sid1", r["sid"])
    r = c.POST(RT, {"client_secret": c.secret("cs2"), "email": a, "send_attempt": 1})
    c.check("another sid", r["sid"] != s1)


@S("email")
def email_in_use(c):
    a = c.email()
    creds = c.email_validated(a)
    c.POST("/register", {"username": c.user("bob"), "password": PW, "auth": {"type": E, "threepid_creds": creds}})
    c.POST(RT, {"client_secret": c.secret("s2"), "email": a, "send_attempt": 1})


@S(
    "email",
    cases={
        "no_secret": ["client_secret"],
        "no_email": ["email"],
        "no_attempt": ["send_attempt"],
        "nothing": ["client_secret", "email", "send_attempt"],
    },
)
def email_missing_param(c, drop):
    b = {"client_secret": "abc", "email": c.email(), "send_attempt": 1}
    for k in drop:
        del b[k]
    c.POST(RT, b)


@S(
    "email",
    cases={
        "bad_secret": {"client_secret": "a b"},
        "empty_secret": {"client_secret": ""},
        "long_secret": {"client_secret": "a" * 256},
        "no_at": {"email": "abc"},
        "two_at": {"email": "a@b@c"},
        "empty_email": {"email": ""},
    },
)
def email_bad_param(c, v):
    c.POST(RT, {"client_secret": "abc", "email": c.email(), "send_attempt": 1, **v})


@S("email")
def email_next_link(c):
    a, cs = c.email(), c.secret()
    r = c.POST(RT, {"client_secret": cs, "email": a, "send_attempt": 1, "next_link": "https://app.example/done"})
    c.let("sid", r["sid"])
    c.GET(c.link(a)["url"])


@S("email")
def email_submit_wrong_token(c):
    a, cs = c.email(), c.secret()
    r = c.POST(RT, {"client_secret": cs, "email": a, "send_attempt": 1})
    sid = c.let("sid", r["sid"])
    P = "/_matrix/client/unstable/registration/email/submit_token"
    c.GET(f"{P}?sid={sid}&client_secret={cs}&token=wrong")
    c.GET(f"{P}?sid={sid}&client_secret=other&token={c.link(a)['token']}")
    c.GET(f"{P}?sid=nosuch&client_secret={cs}&token=x")
    c.GET(P)


@S("email_short")
def email_token_expired(c):
    a, cs = c.email(), c.secret()
    r = c.POST(RT, {"client_secret": cs, "email": a, "send_attempt": 1})
    c.let("sid", r["sid"])
    l = c.link(a)
    c.sleep(2.3)
    c.GET(l["url"])


@S("email")
def email_stage_bad_creds(c):
    s = c.start(username=c.user(), password=PW)
    c.stage(E, s)
    c.stage(E, s, threepid_creds={"client_secret": "abc", "sid": "nosuch"})


@S("email_optional")
def email_optional_dummy(c):
    c.POST("/register", {"username": c.user("a"), "password": PW, "auth": {"type": "m.login.dummy"}})


@S("email_optional")
def email_optional_with_email(c):
    a = c.email()
    creds = c.email_validated(a)
    r = c.POST("/register", {"username": c.user("a"), "password": PW, "auth": {"type": E, "threepid_creds": creds}})
    c.GET("/account/3pid", token=r["access_token"], loose="noheaders")
    c.POST(
        "/login",
        {
            "type": "m.login.password",
            "identifier": {"type": "m.id.thirdparty", "medium": "email", "address": a},
            "password": PW,
        },
    )


@S("open")
def email_not_configured(c):
    c.POST(RT, {"client_secret": "abc", "email": c.email(), "send_attempt": 1})
    c.GET("/_matrix/client/unstable/registration/email/submit_token?sid=a&client_secret=b&token=c")


@S("allowed3pid")
def email_denied(c):
    c.POST(RT, {"client_secret": "abc", "email": c.email("bad", "denied.example"), "send_attempt": 1})
    c.POST(RT, {"client_secret": "abc", "email": c.email("good", "allowed.example"), "send_attempt": 1})
