"""Stand-ins for the outside world: a mail server, an identity server and a captcha provider.

HTTP:
  GET  /_stub/mails?to=ADDR          mails received: [{from, to, subject, text, html, links}]
  GET  /_stub/calls?path=PREFIX&contains=TEXT  calls received by the identity and captcha stubs
  POST /_stub/validate?sid=SID       mark an identity-server session validated (as if the token was submitted)
  POST /recaptcha/siteverify         response=good -> success; bad -> failure; nosuccess -> {}; list -> [];
                                     e500 -> HTTP 500; e400json -> HTTP 400 with success:true; notjson -> text
  /_matrix/identity/api/v1/validate/{email,msisdn}/{requestToken,submitToken}, .../3pid/getValidated3pid
     phone_number ending 0400 -> 400 M_INVALID_PHONE; 0429 -> 429; 0500 -> 500; 0999 -> text, not JSON.
     The token is always 123456.  country+phone gives the address: digits of the number, with 44 for GB and
     1 for US put before a number that does not start with "+" (one leading 0 dropped).
"""

import argparse
import email
import email.policy
import html as html_escapes
import json
import re
import time

from aiohttp import web
from aiosmtpd.controller import Controller

MAILS, CALLS, SESS = [], [], {}
TOKEN = "123456"


class Sink:
    async def handle_RCPT(self, server, session, envelope, address, opts):
        if "reject" in address:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, env):
        m = email.message_from_bytes(env.content, policy=email.policy.default)

        def part(kind):
            p = m.get_body((kind,))
            return p.get_content() if p is not None else None

        text, html = part("plain"), part("html")
        links = re.findall(r"https?://[^\s<>\"']+", text or "") or [
            html_escapes.unescape(x) for x in re.findall(r'href="([^"]+)"', html or "")
        ]
        MAILS.append(
            {
                "from": env.mail_from,
                "to": list(env.rcpt_tos),
                "subject": str(m["Subject"]),
                "hdr_from": str(m["From"]),
                "hdr_to": str(m["To"]),
                "ctype": m.get_content_type(),
                "text": text,
                "html": html,
                "links": links,
                "at": time.time(),
            }
        )
        return "250 Message accepted for delivery"


async def body_of(req):
    raw = await req.read()
    try:
        return json.loads(raw)
    except Exception:
        return dict(await req.post()) if raw else dict(req.query)


def note(req, body):
    CALLS.append({"path": req.path, "method": req.method, "query": dict(req.query), "body": body, "at": time.time()})


async def captcha(req):
    b = dict(await req.post())
    note(req, b)
    r = b.get("response", "")
    J = lambda d, s=200: web.json_response(d, status=s)
    if r.startswith("good"):
        return J({"success": True, "hostname": "client.example", "challenge_ts": "2024-01-01T00:00:00Z"})
    if r == "nosuccess":
        return J({})
    if r == "list":
        return J([])
    if r == "truthy":
        return J({"success": "yes"})
    if r == "e500":
        return web.Response(status=500, text="oops")
    if r == "e400json":
        return J({"success": True}, 400)
    if r == "notjson":
        return web.Response(text="hello", content_type="text/html")
    return J({"success": False, "error-codes": ["invalid-input-response"]})


async def request_token(req):
    medium = req.match_info["medium"]
    b = await body_of(req)
    note(req, b)
    J = lambda d, s=200: web.json_response(d, status=s)
    if medium == "msisdn":
        pn = str(b.get("phone_number", ""))
        if pn.endswith("0400"):
            return J({"errcode": "M_INVALID_PHONE", "error": "Invalid phone number"}, 400)
        if pn.endswith("0429"):
            return J({"errcode": "M_LIMIT_EXCEEDED", "error": "Slow down", "retry_after_ms": 1000}, 429)
        if pn.endswith("0500"):
            return web.Response(status=500, text="oops")
        if pn.endswith("0999"):
            return web.Response(text="hello")
        d = re.sub(r"\D", "", pn)
        cc = {"GB": "44", "US": "1"}.get(str(b.get("country", "")).upper(), "")
        if not pn.startswith("+"):
            d = cc + d.lstrip("0")
        addr = d
    else:
        addr = b.get("email", "")
    key = (medium, addr, b.get("client_secret"))
    sid = next((s for s, v in SESS.items() if v["key"] == key and not v["validated"]), None)
    if sid is None:
        sid = f"is{len(SESS) + 1}"
        SESS[sid] = {
            "key": key,
            "medium": medium,
            "address": addr,
            "secret": b.get("client_secret"),
            "validated": None,
            "next_link": b.get("next_link"),
        }
    return J({"sid": sid})


async def submit_token(req):
    b = await body_of(req)
    note(req, b)
    s = SESS.get(b.get("sid"))
    if s is None or s["secret"] != b.get("client_secret"):
        return web.json_response({"errcode": "M_NO_VALID_SESSION", "error": "No valid session"}, status=404)
    if b.get("token") != TOKEN:
        return web.json_response({"success": False})
    s["validated"] = int(time.time() * 1000)
    return web.json_response({"success": True})


async def validated(req):
    note(req, dict(req.query))
    s = SESS.get(req.query.get("sid"))
    if s is None or s["secret"] != req.query.get("client_secret"):
        return web.json_response({"errcode": "M_NO_VALID_SESSION", "error": "No valid session was found"}, status=404)
    if not s["validated"]:
        return web.json_response({"errcode": "M_SESSION_NOT_VALIDATED", "error": "not validated"}, status=400)
    return web.json_response({"medium": s["medium"], "address": s["address"], "validated_at": s["validated"]})


async def stub_validate(req):
    s = SESS.get(req.query.get("sid"))
    if s:
        s["validated"] = int(time.time() * 1000)
    return web.json_response({"ok": bool(s)})


async def mails(req):
    to = req.query.get("to")
    return web.json_response([m for m in MAILS if not to or any(to.lower() == a.lower() for a in m["to"])])


async def calls(req):
    p, t = req.query.get("path", ""), req.query.get("contains", "")
    return web.json_response([c for c in CALLS if c["path"].startswith(p) and (not t or t in json.dumps(c))])


def app():
    a = web.Application()
    a.router.add_get("/_stub/mails", mails)
    a.router.add_get("/_stub/calls", calls)
    a.router.add_post("/_stub/validate", stub_validate)
    a.router.add_post("/recaptcha/siteverify", captcha)
    B = "/_matrix/identity/api/v1"
    a.router.add_post(B + "/validate/{medium:email|msisdn}/requestToken", request_token)
    a.router.add_route("*", B + "/validate/{medium:email|msisdn}/submitToken", submit_token)
    a.router.add_get(B + "/3pid/getValidated3pid", validated)
    return a


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--smtp-port", type=int, default=2525)
    ap.add_argument("--http-port", type=int, default=2580)
    a = ap.parse_args()
    c = Controller(Sink(), hostname="127.0.0.1", port=a.smtp_port)
    c.start()
    print("ready", flush=True)
    web.run_app(app(), host="127.0.0.1", port=a.http_port, print=None, access_log=None)


if __name__ == "__main__":
    main()
