"""GET /register/available"""

from runner.scenario import S


@S("open")
def avail_free(c):
    c.GET("/register/available?username=" + c.user("alice"))


@S("open")
def avail_taken(c):
    u = c.user("alice")
    c.register(u)
    c.GET("/register/available?username=" + u)
    c.GET("/_matrix/client/r0/register/available?username=" + u)


@S("open")
def avail_missing(c):
    c.GET("/register/available")


@S(
    "open",
    cases={
        "empty": "",
        "space": "a%20b",
        "upper": "ABC",
        "colon": "a:b",
        "underscore": "_x",
        "nonascii": "%C3%BC",
        "numeric": "12345",
        "long": "a" * 300,
    },
)
def avail_invalid(c, v):
    c.GET("/register/available?username=" + v)


@S("open")
def avail_post(c):
    c.POST("/register/available?username=abc", {})


@S("open")
def avail_options(c):
    c.OPTIONS("/register/available?username=abc")


@S("inhibit")
def inhibit_available(c):
    u = c.user("alice")
    c.register(u)
    c.GET("/register/available?username=" + u)


@S("inhibit")
def inhibit_register_taken(c):
    u = c.user("alice")
    c.register(u)
    s = c.start(username=u, password="x")
    c.stage("m.login.dummy", s, body={"username": u, "password": "x"})


@S("inhibit")
def inhibit_email_in_use(c):
    a = c.email()
    creds = c.email_validated(a)
    c.POST(
        "/register",
        {
            "username": c.user("bob"),
            "password": "x",
            "auth": {"type": "m.login.email.identity", "threepid_creds": creds},
        },
    )
    c.POST("/register/email/requestToken", {"client_secret": c.secret("s2"), "email": a, "send_attempt": 1})
    c.mail_count(a, 2)
