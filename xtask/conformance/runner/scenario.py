"""The scenarios, the context that one runs in, and the record of its steps.

A scenario is a Python function that takes a `Ctx`. Every request it makes is recorded as a step:
status, errcode, the shape of the body and selected headers.

    @S("open", desc="two-step registration")
    def two_step(c):
        u = c.user("alice")                          # unique name, shown as {alice} in recordings
        r = c.POST("/register", {"username": u, "password": "x"})
        c.let("session", r["session"])               # captured, shown as {session}
        c.POST("/register", {"auth": {"type": "m.login.dummy", "session": r["session"]}})
"""

import functools
import hashlib
import hmac
import json
import random
import re
import secrets
import threading
import time
import traceback
import urllib.parse

import profiles

from . import rawhttp

API = "/_matrix/client/v3"
REGISTERED = []


class Scenario:
    def __init__(self, name, profile, fn, description):
        self.name, self.profile, self.fn, self.description = name, profile, fn, description


def _with_case(fn, value, ctx):
    return fn(ctx, value)


def S(profile, desc="", cases=None):
    """Decorator. profile: a name or a list of them; cases: {case name: value} passed as second argument."""

    def deco(fn):
        profs = [profile] if isinstance(profile, str) else list(profile)
        for p in profs:
            base = fn.__name__ + ("@" + p if len(profs) > 1 else "")
            d = desc or (fn.__doc__ or "").strip()
            if cases is None:
                REGISTERED.append(Scenario(base, p, fn, d))
            else:
                for k, v in cases.items():
                    REGISTERED.append(Scenario(f"{base}[{k}]", p, functools.partial(_with_case, fn, v), d))
        return fn

    return deco


class Abort(Exception):
    """A response lacked something that the scenario needs to go on."""


# ---------------------------------------------------------------- shapes
VOL_STR = {
    "session",
    "access_token",
    "refresh_token",
    "device_id",
    "sid",
    "token",
    "nonce",
    "error",
    "msg",
    "event_id",
    "room_id",
}
VOL_INT = {"retry_after_ms", "expires_in_ms", "creation_ts", "last_seen_ts", "added_at", "validated_at", "expiry_time"}
HEADERS = [
    "content-type",
    "cache-control",
    "location",
    "retry-after",
    "allow",
    "www-authenticate",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "content-security-policy",
    "x-frame-options",
]


class R:
    """A response as the scenario sees it."""

    def __init__(self, resp, step):
        self.resp, self.step = resp, step

    status = property(lambda s: s.resp.status)
    json = property(lambda s: s.resp.json)
    text = property(lambda s: s.resp.text)
    errcode = property(lambda s: s.resp.errcode)

    def header(self, n):
        return self.resp.header(n)

    def __getitem__(self, k):
        j = self.resp.json
        if not isinstance(j, dict) or k not in j:
            raise Abort(f"step {self.step}: no {k!r} in {self.resp.status} {self.resp.text[:200]!r}")
        return j[k]

    def get(self, k, d=None):
        return self.resp.json.get(k, d) if isinstance(self.resp.json, dict) else d


class Env:
    """What all scenarios on one running server share."""

    def __init__(self, base_url, stub_url, profile):
        self.base, self.stub, self.profile = base_url.rstrip("/"), (stub_url or "").rstrip("/"), profile
        self.server_name, self.secret = profiles.SERVER_NAME, profiles.SHARED_SECRET
        self.lock, self._admin = threading.Lock(), None

    def admin(self):
        with self.lock:
            if self._admin is None:
                self._admin = self._mk_admin()
            return self._admin

    def _mk_admin(self):
        p = "/_synapse/admin/v1/register"
        n = rawhttp.send(self.base, "GET", p).json
        if not n or "nonce" not in n:
            raise Abort("cannot make an admin: no nonce")
        u = "admin" + secrets.token_hex(4)
        b = {
            "nonce": n["nonce"],
            "username": u,
            "password": "Adm1n-Passw0rd!x",
            "admin": True,
            "mac": shared_mac(self.secret, n["nonce"], u, "Adm1n-Passw0rd!x", True),
        }
        r = rawhttp.send(self.base, "POST", p, [("Content-Type", "application/json")], json.dumps(b).encode())
        if r.status != 200:
            raise Abort(f"cannot make an admin: {r.status} {r.text[:200]}")
        return {"token": r.json["access_token"], "user": u, "user_id": r.json["user_id"]}


def shared_mac(secret, nonce, user, password, admin=False, user_type=None):
    m = hmac.new(secret.encode(), digestmod=hashlib.sha1)
    m.update("\x00".join([nonce, user, password, "admin" if admin else "notadmin"]).encode())
    if user_type:
        m.update(b"\x00" + user_type.encode())
    return m.hexdigest()


class Ctx:
    def __init__(self, env, name):
        self.env, self.name = env, name
        self.steps, self.vars = [], []  # vars: (value, placeholder)
        self.ip = self.new_ip()
        self.server = env.server_name
        self.let("BASE", env.base)
        if env.stub:
            self.let("STUB", env.stub)
        self.let("IP", self.ip)
        self.lock = threading.Lock()

    # ---- names
    @staticmethod
    def new_ip():
        return f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"

    def let(self, name, value):
        """Remember a captured value; from now on it is shown as {name}."""
        if isinstance(value, str) and value and (value, "{" + name + "}") not in self.vars:
            self.vars.append((value, "{" + name + "}"))
            self.vars.sort(key=lambda x: -len(x[0]))
        return value

    def user(self, name="user"):
        return self.let(name, name.replace("_", "") + secrets.token_hex(4))

    def uniq(self, name, n=8, prefix=""):
        return self.let(name, prefix + secrets.token_hex(n))

    def email(self, name="mail", domain="example.org"):
        return self.let(name, "m" + secrets.token_hex(5) + "@" + domain)

    def secret(self, name="secret"):
        return self.let(name, "cs" + secrets.token_hex(8))

    def phone(self, name="phone"):
        """(national GB number, msisdn): a valid mobile number, unique enough."""
        tail = f"{random.randrange(10**6):06}"
        while tail.endswith(("0400", "0429", "0500", "0999")):
            tail = f"{random.randrange(10**6):06}"
        self.let(name + "_msisdn", "447700" + tail)
        self.let(name, "07700" + tail)
        return "07700" + tail, "447700" + tail

    def mxid(self, u):
        return f"@{u}:{self.server}"

    # ---- normalisation
    def norm(self, s):
        for v, p in self.vars:
            s = s.replace(v, p)
        s = re.sub(r"@\d+:", "@{num}:", s)
        for v, p in self.vars:
            q = urllib.parse.quote(v, safe="")
            if q != v:
                s = s.replace(q, p)
        return s

    def shape(self, x, key=None, given=()):
        if isinstance(x, dict):
            return {self.norm(str(k)): self.shape(v, k, given) for k, v in x.items()}
        if isinstance(x, list):
            return [self.shape(v, key, given) for v in x]
        if isinstance(x, bool) or x is None:
            return x
        if isinstance(x, (int, float)):
            return "<int>" if key in VOL_INT else x
        if key in ("error", "msg"):
            return "<str>"
        n = self.norm(x)
        if key in VOL_STR and not re.fullmatch(r"\{[A-Za-z0-9_]+\}", n) and x not in given:
            return "<str>"
        if key in ("display_name", "displayname") and re.fullmatch(r"\d+", n):
            return "{num}"
        return n

    # ---- requests
    def raw(
        self,
        method,
        path,
        body=None,
        *,
        json_=None,
        headers=(),
        token=None,
        ip=None,
        ctype="application/json",
        timeout=30,
    ):
        if isinstance(path, str) and path.startswith("!"):
            path = path[1:]  # literal
        elif isinstance(path, str) and not path.startswith("/_") and path.startswith("/"):
            path = API + path
        if ip is None:
            ip = self.new_ip() if isinstance(path, str) and "/register/available" in path else self.ip
        h = [("X-Forwarded-For", ip), ("User-Agent", "conformance/1")] if ip else []
        if json_ is not None:
            body = json.dumps(json_).encode()
        if body is not None and ctype:
            h.append(("Content-Type", ctype))
        if token:
            h.append(("Authorization", "Bearer " + token))
        h += list(headers)
        return path, rawhttp.send(self.env.base, method, path, h, body, timeout)

    def req(
        self,
        method,
        path,
        json_=None,
        *,
        body=None,
        label=None,
        probes=(),
        loose=None,
        headers=(),
        token=None,
        ip=None,
        ctype="application/json",
        timeout=30,
        keep=True,
    ):
        """loose: None (everything is compared) or a mode of `compare.py`."""
        if isinstance(json_, (bytes, str)) and body is None:
            json_, body = None, json_
        if isinstance(body, str):
            body = body.encode()
        full, resp = self.raw(
            method, path, body, json_=json_, headers=headers, token=token, ip=ip, ctype=ctype, timeout=timeout
        )
        if keep:
            self.record(method, full, json_, body, resp, label, probes, loose, headers, token, ctype)
        return R(resp, len(self.steps))

    def record(self, method, full, json_, body, resp, label, probes, loose, headers, token, ctype):
        given = set()

        def walk(x):
            if isinstance(x, dict):
                [walk(v) for v in x.values()]
            elif isinstance(x, list):
                [walk(v) for v in x]
            elif isinstance(x, str):
                given.add(x)

        walk(json_)
        if isinstance(full, str):
            given.update(urllib.parse.unquote(p) for p in re.split(r"[/?&=]", full))

        def short(s):
            return s if len(s) <= 1500 else s[:700] + f"...[{len(s)} chars]"

        rq = {"method": method, "path": short(self.norm(full if isinstance(full, str) else repr(full)))}
        if json_ is not None:
            t = json.dumps(self.reqshape(json_), ensure_ascii=True)
            rq["json"] = json.loads(t) if len(t) <= 1500 else short(t)
        elif body is not None:
            rq["body"] = short(self.norm(body.decode("latin-1")))
            rq["content_type"] = ctype
        if token:
            rq["authorization"] = (
                self.norm("Bearer " + token) if any(v in token for v, _ in self.vars) else "Bearer <token>"
            )
        if headers:
            rq["headers"] = [[k, self.norm(v if isinstance(v, str) else v.decode("latin-1"))] for k, v in headers]
        st = {
            "label": label or f"{len(self.steps) + 1:02d} {method} {rq['path'][:90]}",
            "request": rq,
            "status": resp.status,
        }
        if resp.failure:
            st["failure"] = resp.failure
        if resp.json is not None:
            st["body"] = self.shape(resp.json, None, given)
            if resp.errcode is not None:
                st["errcode"] = resp.errcode
        elif not resp.body:
            st["body"] = "<empty>"
        else:
            ct = (resp.header("content-type") or "").lower()
            st["body"] = "<html>" if "html" in ct else "<text>"
            if probes:
                st["probes"] = {p: bool(re.search(self.unnorm(p), resp.text)) for p in probes}
        hs = {}
        for n in HEADERS:
            v = resp.header(n)
            if v is None:
                continue
            hs[n] = "<int>" if n == "retry-after" else self.norm(v)
        st["headers"] = hs
        if loose:
            st["loose"] = loose
        self.steps.append(st)

    def reqshape(self, x):
        if isinstance(x, dict):
            return {self.norm(str(k)): self.reqshape(v) for k, v in x.items()}
        if isinstance(x, list):
            return [self.reqshape(v) for v in x]
        return self.norm(x).encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(x, str) else x

    def unnorm(self, p):
        for v, ph in self.vars:
            p = p.replace(ph, re.escape(v))
        return p

    def GET(self, path, **k):
        return self.req("GET", path, **k)

    def POST(self, path, json_=None, **k):
        return self.req("POST", path, json_, **k)

    def PUT(self, path, json_=None, **k):
        return self.req("PUT", path, json_, **k)

    def DELETE(self, path, **k):
        return self.req("DELETE", path, **k)

    def OPTIONS(self, path, **k):
        return self.req("OPTIONS", path, **k)

    def HEAD(self, path, **k):
        return self.req("HEAD", path, **k)

    def note(self, key, value):
        """Record a derived fact, compared exactly."""
        self.steps.append({"label": f"{len(self.steps) + 1:02d} note {key}", "note": self.shape(value, None)})

    def check(self, key, cond):
        self.note(key, bool(cond))

    def parallel(self, label, calls, same=True):
        """calls: functions returning R or rawhttp Resp, run at once; records the sorted outcomes."""
        out = [None] * len(calls)

        def run(i):
            try:
                out[i] = calls[i]()
            except Exception as e:
                out[i] = e

        ts = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
        [t.start() for t in ts]
        [t.join() for t in ts]
        for o in out:
            if isinstance(o, Exception):
                raise o
        self.note(label, sorted([[o.status, o.errcode] for o in out], key=str))
        return out

    def quiet(self, method, path, json_=None, **k):
        """A request that is not recorded."""
        return self.req(method, path, json_, keep=False, **k)

    def sleep(self, s):
        time.sleep(s)

    # ---- the stubs
    def stub_get(self, path):
        return rawhttp.send(self.env.stub, "GET", path).json

    def stub_post(self, path):
        return rawhttp.send(self.env.stub, "POST", path).json

    def mails(self, addr, n=1, wait=4.0):
        end = time.time() + wait
        while True:
            m = self.stub_get("/_stub/mails?to=" + urllib.parse.quote(addr)) or []
            if len(m) >= n or time.time() > end:
                return m
            time.sleep(0.05)

    def mail_count(self, addr, expect):
        m = self.mails(addr, expect)
        if len(m) == expect:
            time.sleep(0.3)
            m = self.mails(addr, expect, 0)
        self.note(f"mails to {self.norm(addr)}", len(m))
        return m

    def link(self, addr, n=1, name=""):
        """The validation link of the n-th mail: dict of its query, with 'path' and 'url'; captured as {token<name>}."""
        ms = self.mails(addr, n)
        if len(ms) < n:
            raise Abort(f"no mail {n} to {addr}")
        for l in ms[n - 1]["links"]:
            u = urllib.parse.urlsplit(l)
            q = dict(urllib.parse.parse_qsl(u.query))
            if "token" in q:
                if not l.startswith(self.env.base):
                    raise Abort("mail link does not begin with the public base url: " + l)
                self.let("mailtoken" + name, q["token"])
                return {**q, "path": u.path, "url": u.path + "?" + u.query}
        raise Abort("no link in the mail: {!r}".format(ms[n - 1]["links"]))

    # ---- common sequences (recorded as usual)
    def register(self, user=None, password="Secret-Passw0rd-1", quiet=True, **extra):
        """Register through m.login.dummy in one step; returns R."""
        b = {"password": password, "auth": {"type": "m.login.dummy"}, **extra}
        if user is not None:
            b["username"] = user
        f = self.quiet if quiet else self.req
        r = f("POST", "/register", b)
        if r.status == 401 and isinstance(r.json, dict) and "session" in r.json:
            b["auth"]["session"] = r.json["session"]
            r = f("POST", "/register", b)
        if quiet and r.status != 200:
            raise Abort(f"set-up registration failed: {r.status} {r.text[:200]}")
        return r

    def start(self, name="session", quiet=False, **body):
        """First POST /register; captures the session."""
        f = self.quiet if quiet else self.req
        r = f("POST", "/register", body)
        return self.let(name, r["session"])

    def stage(self, type_, session, quiet=False, body=None, **auth):
        f = self.quiet if quiet else self.req
        return f("POST", "/register", {**(body or {}), "auth": {"type": type_, "session": session, **auth}})

    def admin(self):
        return self.env.admin()["token"]

    def new_token(self, name="token", **opts):
        """Make a registration token through the admin API (not recorded)."""
        t = opts.pop("token", None) or "tok" + secrets.token_hex(6)
        r = self.quiet("POST", "/_synapse/admin/v1/registration_tokens/new", {"token": t, **opts}, token=self.admin())
        if r.status != 200:
            raise Abort(f"set-up: cannot make a token: {r.status} {r.text[:200]}")
        return self.let(name, t)

    def token_state(self, tok, label=""):
        r = self.quiet(
            "GET", "/_synapse/admin/v1/registration_tokens/" + urllib.parse.quote(tok, safe=""), token=self.admin()
        )
        self.note(
            "token counts" + (" " + label if label else ""),
            {k: r.get(k) for k in ("uses_allowed", "pending", "completed")} if r.status == 200 else r.status,
        )

    def email_validated(self, addr=None, secret=None, name="", quiet=True, attempt=1):
        """requestToken + click the link. Returns threepid_creds."""
        addr = addr or self.email("mail" + name)
        secret = secret or self.secret("secret" + name)
        f = self.quiet if quiet else self.req
        r = f("POST", "/register/email/requestToken", {"client_secret": secret, "email": addr, "send_attempt": attempt})
        sid = self.let("sid" + name, r["sid"])
        l = self.link(addr, len(self.mails(addr)), name)
        f("GET", l["url"])
        return {"client_secret": secret, "sid": sid}

    def msisdn_validated(self, name="", quiet=True, phone=None):
        nat, _ = phone or self.phone("phone" + name)
        secret = self.secret("psecret" + name)
        f = self.quiet if quiet else self.req
        r = f(
            "POST",
            "/register/msisdn/requestToken",
            {"client_secret": secret, "country": "GB", "phone_number": nat, "send_attempt": 1},
        )
        sid = self.let("psid" + name, r["sid"])
        self.stub_post("/_stub/validate?sid=" + sid)
        return {"client_secret": secret, "sid": sid}


def run_one(env, sc):
    c = Ctx(env, sc.name)
    err = None
    try:
        sc.fn(c)
    except Abort as e:
        err = "abort: " + str(e)
    except Exception as e:
        err = (
            "exception: "
            + "".join(traceback.format_exception_only(e)).strip()
            + " at "
            + traceback.format_tb(e.__traceback__)[-1].strip()[:200]
        )
    return {"steps": c.steps, **({"aborted": c.norm(err)} if err else {})}
