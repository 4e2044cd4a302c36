"""Wrong JSON types for each field."""

from runner.scenario import S

PW = "Secret-Passw0rd-1"
TYPES = {"null": None, "bool": True, "object": {"a": 1}}


def field(name, skip=()):

    def run(c, v):
        b = {"username": c.user("alice"), "password": PW, name: v}
        if name == "auth":
            c.POST("/register", b)
            return
        c.POST("/register", b)
        r = c.POST("/register", {**b, "auth": {"type": "m.login.dummy"}})
        if r.status == 200 and r.get("access_token"):
            c.GET("/account/whoami", token=r["access_token"])

    run.__name__ = "type_" + name
    S("open", cases={k: v for k, v in TYPES.items() if k not in skip})(run)


for f in (
    "username",
    "password",
    "device_id",
    "initial_device_display_name",
    "inhibit_login",
    "refresh_token",
    "guest_access_token",
    "type",
    "auth",
):
    field(f)


@S(
    "open",
    cases={
        "type_int": {"type": 5},
        "type_list": {"type": ["m.login.dummy"]},
        "session_null": {"type": "m.login.dummy", "session": None},
        "session_list": {"type": "m.login.dummy", "session": ["x"]},
        "session_only_unknown": {"session": "nosuch"},
        "extra": {"type": "m.login.dummy", "foo": {"bar": 1}},
        "session_zero": {"type": "m.login.dummy", "session": 0},
        "session_surrogate": {"type": "m.login.dummy", "session": "\ud800"},
    },
)
def auth_dict(c, a):
    c.POST("/register", {"username": c.user(), "password": PW, "auth": a})


def efield(name):

    def run(c, v):
        c.POST(
            "/register/email/requestToken",
            {"client_secret": c.secret(), "email": c.email(), "send_attempt": 1, name: v},
        )

    run.__name__ = "etype_" + name
    S("email", cases={k: v for k, v in TYPES.items() if k != "empty" or name in ("send_attempt", "next_link")})(run)


for f in ("client_secret", "email", "send_attempt", "next_link"):
    efield(f)


def mfield(name):

    def run(c, v):
        c.POST(
            "/register/msisdn/requestToken",
            {"client_secret": c.secret(), "country": "GB", "phone_number": c.phone()[0], "send_attempt": 1, name: v},
        )

    run.__name__ = "mtype_" + name
    S("msisdn", cases=TYPES)(run)


for f in ("country", "phone_number"):
    mfield(f)


@S(
    "email",
    cases={
        "null": None,
        "list": [],
        "sid_only": {"sid": "x"},
        "sid_int": {"sid": 5, "client_secret": "x"},
        "secret_list": {"sid": "x", "client_secret": ["y"]},
    },
)
def creds_email(c, v):
    s = c.start(username=c.user(), password=PW)
    c.stage("m.login.email.identity", s, threepid_creds=v)
    c.POST("/register", {"auth": {"session": s}})


@S("msisdn", cases={"null": None, "empty": {}, "sid_int": {"sid": 5, "client_secret": "x"}})
def creds_msisdn(c, v):
    s = c.start(username=c.user(), password=PW)
    c.stage("m.login.msisdn", s, threepid_creds=v)


@S("token", cases={"null": None, "list": ["a"], "empty": "", "long": "a" * 5000, "unicode": "tök\u200ben"})
def token_stage_value(c, v):
    s = c.start(username=c.user(), password=PW)
    c.stage("m.login.registration_token", s, token=v)


@S("captcha", cases={"null": None, "list": ["good"], "empty": "", "unicode": "gööd"})
def captcha_value(c, v):
    s = c.start(username=c.user(), password=PW)
    c.stage("m.login.recaptcha", s, response=v)


@S(
    "open",
    cases={
        "string": {"refresh_token": "true"},
        "inhibit_string": {"inhibit_login": "false"},
        "inhibit_list": {"inhibit_login": []},
    },
)
def truthiness(c, v):
    c.POST("/register", {"username": c.user(), "password": PW, "auth": {"type": "m.login.dummy"}, **v})
