"""Registration with a phone number (validated by an identity server)."""

from runner.scenario import S

PW = "Secret-Passw0rd-1"
RT = "/register/msisdn/requestToken"
M = "m.login.msisdn"


@S("msisdn")
def msisdn_flows(c):
    c.POST("/register", {})


@S("msisdn_optional")
def msisdn_optional_flows(c):
    c.POST("/register", {})


@S("email_msisdn")
def both_flows(c):
    c.POST("/register", {})


@S("no_msisdn")
def msisdn_hidden_flows(c):
    c.POST("/register", {})


@S("msisdn")
def msisdn_full(c):
    nat, full = c.phone()
    cs = c.secret()
    u = c.user("alice")
    s = c.start(username=u, password=PW)
    r = c.POST(RT, {"client_secret": cs, "country": "GB", "phone_number": nat, "send_attempt": 1})
    sid = c.let("sid", r["sid"])
    creds = {"client_secret": cs, "sid": sid}
    c.stage(M, s, threepid_creds=creds)
    sub = r["submit_url"][len(c.env.base) :]
    c.POST(sub, {"client_secret": cs, "sid": sid, "token": "000000"})
    c.POST(sub, {"client_secret": cs, "sid": sid, "token": "123456"})
    r = c.stage(M, s, threepid_creds=creds, body={"username": u, "password": PW})
    c.GET("/account/3pid", token=r["access_token"], loose="noheaders")


@S("msisdn")
def msisdn_proxied(c):
    """What the server passes on to the identity server."""
    nat, _ = c.phone()
    cs = c.secret()
    c.POST(
        RT,
        {
            "client_secret": cs,
            "country": "GB",
            "phone_number": nat,
            "send_attempt": 3,
            "next_link": "https://app.example/x",
        },
    )
    k = c.stub_get("/_stub/calls?contains=" + cs)
    c.note("calls", [{"path": x["path"], "body": x["body"]} for x in k])


@S(
    "msisdn",
    cases={
        "no_secret": "client_secret",
        "no_country": "country",
        "no_phone": "phone_number",
        "no_attempt": "send_attempt",
    },
)
def msisdn_missing_param(c, k):
    b = {"client_secret": "abc", "country": "GB", "phone_number": c.phone()[0], "send_attempt": 1}
    del b[k]
    c.POST(RT, b)


@S(
    "msisdn",
    cases={
        "letters": {"phone_number": "abc"},
        "short": {"phone_number": "12"},
        "bad_country": {"country": "XX"},
        "bad_secret": {"client_secret": "a b"},
    },
)
def msisdn_bad_param(c, v):
    c.POST(RT, {"client_secret": "abc", "country": "GB", "phone_number": c.phone()[0], "send_attempt": 1, **v})


@S("msisdn")
def msisdn_in_use(c):
    ph = c.phone()
    creds = c.msisdn_validated(phone=ph)
    c.POST("/register", {"username": c.user("bob"), "password": PW, "auth": {"type": M, "threepid_creds": creds}})
    c.POST(RT, {"client_secret": c.secret("s2"), "country": "GB", "phone_number": ph[0], "send_attempt": 1})


@S("open")
def msisdn_not_configured(c):
    c.POST(RT, {"client_secret": "abc", "country": "GB", "phone_number": "07700900123", "send_attempt": 1})


@S("msisdn", cases={"is400": "0400", "is500": "0500"})
def msisdn_identity_error(c, t):
    c.POST(RT, {"client_secret": c.secret(), "country": "GB", "phone_number": "0770090" + t, "send_attempt": 1})


@S("email_msisdn")
def both_full(c):
    u = c.user("alice")
    s = c.start(username=u, password=PW)
    e = c.email_validated()
    p = c.msisdn_validated()
    c.stage(M, s, threepid_creds=p)
    r = c.stage("m.login.email.identity", s, threepid_creds=e, body={"username": u, "password": PW})
    j = c.quiet("GET", "/account/3pid", token=r["access_token"])["threepids"]
    c.note("threepids", sorted([x["medium"], x["address"]] for x in j))
