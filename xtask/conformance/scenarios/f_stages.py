"""Captcha, terms, the web fallback, password policy and the profile with everything."""

from runner.scenario import S

PW = "Secret-Passw0rd-1"
C = "m.login.recaptcha"
FB = "/_matrix/client/v3/auth/"


@S("captcha")
def captcha_flows(c):
    c.POST("/register", {})


@S("captcha")
def captcha_good(c):
    u = c.user("alice")
    s = c.start(username=u, password=PW)
    resp = c.uniq("resp", prefix="good-")
    c.stage(C, s, response=resp)
    k = c.stub_get("/_stub/calls?path=/recaptcha&contains=" + resp)
    c.note("verifier called with", [{"secret": x["body"].get("secret"), "fields": sorted(x["body"])} for x in k])
    c.stage("m.login.dummy", s)


@S("captcha")
def captcha_bad(c):
    s = c.start(username=c.user(), password=PW)
    c.stage(C, s, response="bad")


@S("captcha")
def captcha_missing(c):
    s = c.start(username=c.user(), password=PW)
    c.stage(C, s)


@S("captcha")
def captcha_fallback(c):
    s = c.start(username=c.user(), password=PW)
    c.GET(f"{FB}{C}/fallback/web?session={s}", probes=["captcha-public-key", 'name="session"', "{session}"])
    c.POST(
        f"{FB}{C}/fallback/web?session={s}",
        body=f"session={s}&g-recaptcha-response=good",
        ctype="application/x-www-form-urlencoded",
    )
    c.stage("m.login.dummy", s)


@S("terms")
def terms_flows(c):
    c.POST("/register", {})


@S("terms")
def terms_full(c):
    u = c.user("alice")
    s = c.start(username=u, password=PW)
    c.stage("m.login.terms", s)
    c.stage("m.login.dummy", s)


@S("terms")
def terms_fallback(c):
    s = c.start(username=c.user(), password=PW)
    c.GET(f"{FB}m.login.terms/fallback/web?session={s}", probes=["_matrix/consent\\?v=1.0", 'name="session"'])
    c.POST(
        f"{FB}m.login.terms/fallback/web?session={s}", body=f"session={s}", ctype="application/x-www-form-urlencoded"
    )
    c.stage("m.login.dummy", s)


@S("token")
def token_fallback(c):
    t = c.new_token()
    s = c.start(username=c.user(), password=PW)
    F = f"{FB}m.login.registration_token/fallback/web?session={s}"
    c.GET(F, probes=['name="token"', 'name="session"'])
    c.POST(F, body=f"session={s}&token=wrong", ctype="application/x-www-form-urlencoded", probes=['name="token"'])
    c.POST(F, body=f"session={s}&token={t}", ctype="application/x-www-form-urlencoded", probes=['name="token"'])
    c.stage("m.login.dummy", s)


@S("open")
def fallback_unknown(c):
    s = c.start(username=c.user(), password=PW)
    c.GET(f"{FB}m.login.nonsense/fallback/web?session={s}")
    c.POST(f"{FB}m.login.nonsense/fallback/web?session={s}", body=b"", ctype="application/x-www-form-urlencoded")
    c.GET(f"{FB}m.login.terms/fallback/web")


@S("password_policy")
def policy_get(c):
    c.GET("/password_policy")


@S("open")
def policy_get_none(c):
    c.GET("/password_policy")


@S(
    "password_policy",
    cases={
        "short": "Aa1!",
        "no_digit": "Abcdefghijk!",
        "no_symbol": "Abcdefghijk1",
        "no_lower": "ABCDEFGHIJ1!",
        "no_upper": "abcdefghij1!",
        "good": "Abcdefghij1!",
    },
)
def policy_register(c, pw):
    c.POST("/register", {"username": c.user(), "password": pw, "auth": {"type": "m.login.dummy"}})


@S("all")
def all_flows(c):
    c.POST("/register", {})


@S("all")
def all_dummy_flow(c):
    """Token, captcha, terms, dummy."""
    t = c.new_token()
    u = c.user("alice")
    s = c.start(username=u, password="Abcdefghij1!")
    c.stage("m.login.registration_token", s, token=t)
    c.stage(C, s, response="good")
    c.stage("m.login.terms", s)
    c.stage("m.login.dummy", s)
    c.token_state(t)


@S("all")
def all_email_flow(c):
    t = c.new_token()
    u = c.user("alice")
    s = c.start(username=u, password="Abcdefghij1!")
    e = c.email_validated()
    c.stage("m.login.email.identity", s, threepid_creds=e)
    c.stage("m.login.terms", s)
    c.stage(C, s, response="good")
    r = c.stage("m.login.registration_token", s, token=t)
    c.GET("/account/3pid", token=r["access_token"], loose="noheaders")
