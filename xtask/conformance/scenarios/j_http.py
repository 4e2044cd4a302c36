"""Methods, paths, query strings, CORS and authorization headers."""

from runner.scenario import S

PW = "Secret-Passw0rd-1"
C3 = "/_matrix/client/v3"
PATHS = {
    "register": C3 + "/register",
    "available": C3 + "/register/available",
    "validity": "/_matrix/client/v1/register/m.login.registration_token/validity",
    "email_request": C3 + "/register/email/requestToken",
    "msisdn_request": C3 + "/register/msisdn/requestToken",
    "submit": "/_matrix/client/unstable/registration/email/submit_token",
    "fallback": C3 + "/auth/m.login.terms/fallback/web",
    "whoami": C3 + "/account/whoami",
    "login": C3 + "/login",
    "shared": "/_synapse/admin/v1/register",
    "tokens": "/_synapse/admin/v1/registration_tokens",
}


@S(
    "open",
    cases={
        "trailing_slash": C3 + "/register/",
        "upper": C3 + "/Register",
        "percent_slash": "/_matrix/client/v3%2Fregister",
        "dot_segment": C3 + "/x/../register",
        "percent_nul": C3 + "/register%00",
        "v2_alpha": "/_matrix/client/v2_alpha/register",
        "no_version": "/_matrix/client/register",
    },
)
def path_post(c, p):
    c.POST(p, {})


@S(
    "open",
    cases={
        "unknown_client": C3 + "/nosuch",
        "root_other": "!/nosuch",
        "synapse": "/_synapse/nosuch",
        "register_sub": C3 + "/register/nosuch",
    },
)
def path_unknown(c, p):
    c.GET(p)
    c.POST(p, {})
    c.OPTIONS(p)


@S(
    "open",
    cases={
        "dup_guest_user": "kind=guest&kind=user",
        "percent": "k%69nd=guest",
        "unicode": "kind=%C3%BC",
        "upper": "kind=USER",
        "semicolon": "a=b;kind=guest",
        "nul": "kind=%00",
    },
)
def query_kind(c, q):
    c.POST("/register?" + q, {})


@S(
    "open",
    cases={
        "dup": "username=abcdef1&username=ab!",
        "percent_nul": "username=%00",
        "bad_percent": "username=%zz",
        "encoded_at": "username=%40abc",
        "kelvin": "username=%E2%84%AA",
        "case_param": "Username=abc",
    },
)
def query_username(c, q):
    c.GET("/register/available?" + q)


@S("token", cases={"empty": "token=", "bad_utf8": "token=%ff", "unicode": "token=%C3%BC", "space": "token=a%20b"})
def query_token(c, q):
    c.GET("/_matrix/client/v1/register/m.login.registration_token/validity?" + q)


@S("token", cases={"v3": "v3", "unstable": "unstable"})
def validity_prefix(c, v):
    c.GET(f"/_matrix/client/{v}/register/m.login.registration_token/validity?token=x")
    c.GET(f"/_matrix/client/{v}/register/org.matrix.msc3231.login.registration_token/validity?token=x")


@S("open", cases={"r0": "r0", "v1": "v1"})
def prefix_family(c, v):
    B = "/_matrix/client/" + v
    c.GET(B + "/register/available?username=" + c.user())
    c.GET(B + "/account/whoami")
    c.GET(B + "/login")
    c.POST(B + "/logout", {})
    c.GET(B + "/password_policy")
    c.POST(B + "/register/email/requestToken", {})
    c.POST(B + "/register/msisdn/requestToken", {})
    c.GET(B + "/auth/m.login.terms/fallback/web")


@S(
    "open",
    cases={"basic": "Basic YTpi", "bearer_space": "Bearer ", "two_spaces": "Bearer  {tok}", "no_scheme": "{tok}"},
)
def authorization(c, h):
    r = c.register(c.user("bob"))
    t = c.let("tok", r["access_token"])
    c.GET("/account/whoami", headers=[("Authorization", h.replace("{tok}", t))])
    c.POST("/register", {}, headers=[("Authorization", h.replace("{tok}", t))])
