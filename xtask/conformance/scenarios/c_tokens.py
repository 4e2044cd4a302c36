"""Registration tokens: the UIA stage, validity, and the admin API."""

from runner.scenario import S

PW = "Secret-Passw0rd-1"
V = "/_matrix/client/v1/register/m.login.registration_token/validity?token="
A = "/_synapse/admin/v1/registration_tokens"
T = "m.login.registration_token"


@S("token")
def token_flows(c):
    c.POST("/register", {})


@S("token")
def token_register(c):
    t = c.new_token(uses_allowed=1)
    u = c.user("alice")
    s = c.start(username=u, password=PW)
    c.stage(T, s, token=t)
    c.token_state(t, "pending")
    c.stage("m.login.dummy", s, body={"username": u, "password": PW})
    c.token_state(t, "completed")
    c.GET(V + t)


@S("token")
def token_wrong(c):
    s = c.start(username=c.user(), password=PW)
    c.stage(T, s, token="nosuchtoken")


@S("token")
def token_missing(c):
    s = c.start(username=c.user(), password=PW)
    c.stage(T, s)


@S("token")
def token_not_string(c):
    s = c.start(username=c.user(), password=PW)
    c.stage(T, s, token=5)


@S("token")
def token_no_session(c):
    t = c.new_token()
    c.POST("/register", {"username": c.user(), "password": PW, "auth": {"type": T, "token": t}})


@S("token")
def token_used_up(c):
    t = c.new_token(uses_allowed=1)
    s = c.start("s1", username=c.user("a"), password=PW)
    c.stage(T, s, token=t)
    c.stage("m.login.dummy", s)
    s2 = c.start("s2", username=c.user("b"), password=PW)
    c.stage(T, s2, token=t)
    c.GET(V + t)


@S("token")
def token_validity(c):
    t = c.new_token()
    c.GET(V + t)
    c.GET(V + "nosuch")
    c.GET(V[:-7])


@S("token")
def token_validity_expired(c):
    import time

    t = c.new_token(expiry_time=int(time.time() * 1000) + 1500)
    c.GET(V + t)
    c.sleep(1.8)
    c.GET(V + t)
    s = c.start(username=c.user(), password=PW)
    c.stage(T, s, token=t)


@S("token")
def token_order_any(c):
    """Stages may be completed in any order."""
    t = c.new_token()
    s = c.start(username=c.user("alice"), password=PW)
    c.stage("m.login.dummy", s)
    c.stage(T, s, token=t)


@S("token")
def admin_token_crud(c):
    tok = c.uniq("tok", prefix="tk")
    a = c.admin()
    c.POST(A + "/new", {"token": tok, "uses_allowed": 3, "expiry_time": None}, token=a)
    c.GET(A + "/" + tok, token=a)
    c.PUT(A + "/" + tok, {"uses_allowed": 5}, token=a)
    c.PUT(A + "/" + tok, {"expiry_time": 4102444800000}, token=a)
    c.DELETE(A + "/" + tok, token=a)
    c.GET(A + "/" + tok, token=a)
    c.DELETE(A + "/" + tok, token=a)


@S("token")
def admin_token_generated(c):
    a = c.admin()
    r = c.POST(A + "/new", {}, token=a)
    c.note("length", len(r["token"]))
    r = c.POST(A + "/new", {"length": 32}, token=a)
    c.note("length", len(r["token"]))


@S("token")
def admin_token_duplicate(c):
    a = c.admin()
    t = c.new_token()
    c.POST(A + "/new", {"token": t}, token=a)


@S("token")
def admin_token_list(c):
    a = c.admin()
    t = c.new_token(uses_allowed=1)
    for q, k in (("", "all"), ("?valid=true", "valid"), ("?valid=false", "invalid")):
        r = c.quiet("GET", A + q, token=a)
        c.check(k + " lists it", any(x["token"] == t for x in r["registration_tokens"]))
    c.GET(A + "?valid=maybe", token=a)


@S("token")
def admin_token_not_admin(c):
    t = c.new_token()
    s = c.start(username=c.user("bob"), password=PW)
    c.stage(T, s, quiet=True, token=t)
    r = c.stage("m.login.dummy", s, quiet=True)
    c.GET(A, token=r["access_token"])
    c.POST(A + "/new", {}, token=r["access_token"])
    c.GET(A)


@S(
    "token",
    cases={
        "bad_chars": {"token": "a b"},
        "too_long": {"token": "a" * 65},
        "empty": {"token": ""},
        "negative_uses": {"uses_allowed": -1},
        "uses_string": {"uses_allowed": "1"},
        "past_expiry": {"expiry_time": 1000},
        "length_zero": {"length": 0},
        "length_65": {"length": 65},
    },
)
def admin_token_invalid(c, b):
    c.POST(A + "/new", b, token=c.admin())


@S("token_bypass")
def bypass_flows(c):
    c.POST("/register", {})


@S("token_bypass")
def bypass_token_only(c):
    t = c.new_token()
    s = c.start(username=c.user("alice"), password=PW)
    c.stage(T, s, token=t)
