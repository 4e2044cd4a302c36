"""Guests, application services, refresh tokens, the shared-secret API, rate limits."""

import profiles as P
from runner.scenario import S, shared_mac

PW = "Secret-Passw0rd-1"


@S("guests")
def guest_register(c):
    r = c.POST("/register?kind=guest", {})
    c.GET("/account/whoami", token=r["access_token"])


@S("guests")
def guest_upgrade(c):
    r = c.POST("/register?kind=guest", {})
    lp = r["user_id"][1:].split(":")[0]
    c.let("guest", lp)
    g = c.let("gtok", r["access_token"])
    s = c.start(username=lp, password=PW, guest_access_token=g)
    r = c.stage("m.login.dummy", s, body={"username": lp, "password": PW, "guest_access_token": g})
    c.GET("/account/whoami", token=r["access_token"])


@S("open")
def guest_not_allowed(c):
    c.POST("/register?kind=guest", {})


def as_reg(c, u, tok=P.AS_TOKEN, path="/register", **x):
    return c.POST(path, {"type": "m.login.application_service", "username": u, **x}, token=tok)


@S("appservice")
def as_register(c):
    u = c.let("u", "as1_" + c.user("ghost"))
    r = as_reg(c, u)
    c.GET("/account/whoami", token=r["access_token"])
    c.GET(f"/account/whoami?user_id=@{u}:{c.server}", token=P.AS_TOKEN)


@S("appservice")
def as_register_inhibit(c):
    as_reg(c, c.let("u", "as1_" + c.user("ghost")), inhibit_login=True)


@S("appservice")
def as_outside_namespace(c):
    as_reg(c, c.user("alice"))


@S("appservice")
def as_other_namespace(c):
    as_reg(c, c.let("u", "as2_" + c.user("ghost")))


@S("appservice")
def as_bad_token(c):
    as_reg(c, c.let("u", "as1_" + c.user("ghost")), tok="nonsense")


@S("appservice")
def as_no_token(c):
    as_reg(c, c.let("u", "as1_" + c.user("ghost")), tok=None)


@S("appservice")
def as_no_username(c):
    c.POST("/register", {"type": "m.login.application_service"}, token=P.AS_TOKEN)


@S("appservice")
def as_twice(c):
    u = c.let("u", "as1_" + c.user("ghost"))
    as_reg(c, u)
    as_reg(c, u)


@S("appservice")
def as_exclusive_for_users(c):
    """Ordinary users cannot take a name in an exclusive namespace."""
    u = c.let("u", "as1_" + c.user("x"))
    c.POST("/register", {"username": u, "password": PW, "auth": {"type": "m.login.dummy"}})
    c.GET("/register/available?username=" + u)


@S("refresh")
def refresh_register(c):
    u = c.user("alice")
    r = c.POST("/register", {"username": u, "password": PW, "refresh_token": True, "auth": {"type": "m.login.dummy"}})
    c.check("expires within 3 s", 0 < r["expires_in_ms"] <= 3000)
    rt = c.let("rt", r["refresh_token"])
    at = c.let("at", r["access_token"])
    r2 = c.POST("/refresh", {"refresh_token": rt})
    c.check("new tokens", r2["access_token"] != at and r2["refresh_token"] != rt)
    c.GET("/account/whoami", token=r2["access_token"])
    c.POST("/refresh", {"refresh_token": rt})


@S("refresh")
def refresh_expiry(c):
    r = c.POST(
        "/register",
        {"username": c.user("alice"), "password": PW, "refresh_token": True, "auth": {"type": "m.login.dummy"}},
    )
    at = c.let("at", r["access_token"])
    c.GET("/account/whoami", token=at)
    c.sleep(3.3)
    c.GET("/account/whoami", token=at)
    r = c.POST("/refresh", {"refresh_token": r["refresh_token"]})
    c.GET("/account/whoami", token=r["access_token"])


@S("refresh")
def refresh_not_asked(c):
    r = c.POST("/register", {"username": c.user("alice"), "password": PW, "auth": {"type": "m.login.dummy"}})
    c.check("lasts 4 s", 3000 < r["expires_in_ms"] <= 4000)


@S("refresh")
def refresh_bad_token(c):
    c.POST("/refresh", {"refresh_token": "nonsense"})
    c.POST("/refresh", {})


@S("norefresh")
def refresh_switched_off(c):
    c.POST(
        "/register",
        {"username": c.user("alice"), "password": PW, "refresh_token": True, "auth": {"type": "m.login.dummy"}},
    )


SS = "/_synapse/admin/v1/register"


def nonce(c, name="nonce"):
    return c.let(name, c.GET(SS)["nonce"])


@S("shared_secret")
def shared_register(c):
    """The shared-secret API works with registration disabled."""
    n = nonce(c)
    u = c.user("op")
    r = c.POST(
        SS, {"nonce": n, "username": u, "password": PW, "admin": False, "mac": shared_mac(P.SHARED_SECRET, n, u, PW)}
    )
    c.GET("/account/whoami", token=r["access_token"])


@S("shared_secret")
def shared_register_admin(c):
    n = nonce(c)
    u = c.user("op")
    r = c.POST(
        SS,
        {"nonce": n, "username": u, "password": PW, "admin": True, "mac": shared_mac(P.SHARED_SECRET, n, u, PW, True)},
    )
    c.GET("/_synapse/admin/v1/registration_tokens/nosuch", token=r["access_token"])


@S("shared_secret")
def shared_bad_mac(c):
    n = nonce(c)
    u = c.user("op")
    c.POST(SS, {"nonce": n, "username": u, "password": PW, "admin": False, "mac": shared_mac("wrong", n, u, PW)})


@S("shared_secret")
def shared_bad_nonce(c):
    u = c.user("op")
    c.POST(
        SS, {"nonce": "made-up", "username": u, "password": PW, "mac": shared_mac(P.SHARED_SECRET, "made-up", u, PW)}
    )


@S("guests")
def shared_not_configured(c):
    c.GET(SS)
    c.POST(SS, {"nonce": "x", "username": "y", "password": "z", "mac": "00"})


@S("ratelimits")
def limit_register(c):
    """Three registrations in a row from one address, then 429 with retry_after_ms."""
    n = 0
    for i in range(6):
        r = c.quiet(
            "POST", "/register", {"username": c.user(f"u{i}"), "password": PW, "auth": {"type": "m.login.dummy"}}
        )
        if r.status != 200:
            break
        n += 1
    c.note("registered", n)
    c.POST("/register", {"username": c.user("last"), "password": PW, "auth": {"type": "m.login.dummy"}})
    c.ip = c.new_ip()
    c.POST("/register", {"username": c.user("other"), "password": PW, "auth": {"type": "m.login.dummy"}})


@S("ratelimits")
def limit_validity(c):
    p = "/_matrix/client/v1/register/m.login.registration_token/validity?token=x"
    out = [c.quiet("GET", p).status for _ in range(7)]
    c.note("statuses", out)
    c.GET(p)


@S("ratelimits")
def limit_email(c):
    p = "/register/email/requestToken"
    a = c.email()
    out = [c.quiet("POST", p, {"client_secret": "abc", "email": a, "send_attempt": i}).status for i in range(1, 8)]
    c.note("statuses", out)
    c.POST(p, {"client_secret": "abc", "email": a, "send_attempt": 9})
