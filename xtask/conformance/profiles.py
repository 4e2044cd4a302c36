"""Configuration profiles, as Synapse's own options.

`write` makes the homeserver.yaml of a profile, and the files that it names, in an empty folder.
"""

import dataclasses
import json
import os

from runner.stubs import Stubs

SERVER_NAME = "oracle.test"
SHARED_SECRET = "oracle-shared-secret"
AS_TOKEN = "as_token_oracle_0123456789"
HS_TOKEN = "hs_token_oracle_0123456789"
AS2_TOKEN = "as2_token_oracle_0123456789"
HS2_TOKEN = "hs2_token_oracle_0123456789"
CAPTCHA_PUBLIC = "captcha-public-key"
CAPTCHA_PRIVATE = "captcha-private-key"

_HI = {"per_second": 10000, "burst_count": 10000}


def _no_limits(c):
    c.update(
        {
            "rc_registration": dict(_HI),
            "rc_registration_token_validity": dict(_HI),
            "rc_login": {"address": dict(_HI), "account": dict(_HI), "failed_attempts": dict(_HI)},
            "rc_3pid_validation": dict(_HI),
            "rc_message": dict(_HI),
            "rc_joins": {"local": dict(_HI), "remote": dict(_HI)},
            "rc_invites": {"per_room": dict(_HI), "per_user": dict(_HI)},
            "rc_admin_redaction": dict(_HI),
            "rc_profile": dict(_HI),
        }
    )


def _email(c, ctx):
    c["email"] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": ctx.stubs.smtp_port,
        "enable_tls": False,
        "require_transport_security": False,
        "notif_from": "Oracle <noreply@oracle.test>",
        "app_name": "Oracle",
    }


def _terms(c, ctx):
    c["user_consent"] = {
        "template_dir": os.path.join(ctx.dir, "consent"),
        "version": "1.0",
        "require_at_registration": True,
        "policy_name": "Privacy Policy",
    }
    c["form_secret"] = "oracle-form-secret"


def _captcha(c, ctx):
    c.update(
        {
            "enable_registration_captcha": True,
            "recaptcha_public_key": CAPTCHA_PUBLIC,
            "recaptcha_private_key": CAPTCHA_PRIVATE,
            "recaptcha_siteverify_api": ctx.stubs.url + "/recaptcha/siteverify",
        }
    )


def _msisdn(c, ctx):
    c["account_threepid_delegates"] = {"msisdn": ctx.stubs.url}


def _as(c, ctx):
    c["app_service_config_files"] = [os.path.join(ctx.dir, "as1.yaml"), os.path.join(ctx.dir, "as2.yaml")]


def _policy(c):
    c["password_config"] = {
        "policy": {
            "enabled": True,
            "minimum_length": 12,
            "require_digit": True,
            "require_symbol": True,
            "require_lowercase": True,
            "require_uppercase": True,
        }
    }


def p_open(c, ctx):
    c["enable_registration_without_verification"] = True


def p_token(c, ctx):
    c["registration_requires_token"] = True


def p_email(c, ctx):
    _email(c, ctx)
    c["registrations_require_3pid"] = ["email"]


def p_email_optional(c, ctx):
    _email(c, ctx)
    c["enable_registration_without_verification"] = True


def p_captcha(c, ctx):
    _captcha(c, ctx)


def p_terms(c, ctx):
    _terms(c, ctx)
    c["enable_registration_without_verification"] = True


def p_msisdn(c, ctx):
    _msisdn(c, ctx)
    c["registrations_require_3pid"] = ["msisdn"]


def p_msisdn_optional(c, ctx):
    _msisdn(c, ctx)
    c["enable_registration_without_verification"] = True


def p_email_msisdn(c, ctx):
    _email(c, ctx)
    _msisdn(c, ctx)
    c["registrations_require_3pid"] = ["email", "msisdn"]


def p_token_bypass(c, ctx):
    _email(c, ctx)
    c["registrations_require_3pid"] = ["email"]
    c["enable_registration_token_3pid_bypass"] = True


def p_disabled(c, ctx):
    c["enable_registration"] = False
    _email(c, ctx)


def p_guests(c, ctx):
    c["allow_guest_access"] = True
    c["enable_registration_without_verification"] = True
    del c["registration_shared_secret"]


def p_refresh(c, ctx):
    c["enable_registration_without_verification"] = True
    c["refreshable_access_token_lifetime"] = "3s"
    c["refresh_token_lifetime"] = "8s"
    c["nonrefreshable_access_token_lifetime"] = "4s"


def p_norefresh(c, ctx):
    c["enable_registration_without_verification"] = True
    c["refreshable_access_token_lifetime"] = None


def p_appservice(c, ctx):
    _as(c, ctx)
    c["enable_registration_without_verification"] = True


def p_password_policy(c, ctx):
    _policy(c)
    c["enable_registration_without_verification"] = True


def p_inhibit(c, ctx):
    _email(c, ctx)
    _msisdn(c, ctx)
    c["enable_registration_without_verification"] = True
    c["inhibit_user_in_use_error"] = True
    c["request_token_inhibit_3pid_errors"] = True


def p_shared_secret(c, ctx):
    c["enable_registration"] = False


def p_allowed3pid(c, ctx):
    _email(c, ctx)
    _msisdn(c, ctx)
    c["enable_registration_without_verification"] = True
    c["allowed_local_3pids"] = [
        {"medium": "email", "pattern": r"^[^@]+@allowed\.example$"},
        {"medium": "email", "pattern": r"^vip[0-9a-z]*@"},
        {"medium": "msisdn", "pattern": r"\A44"},
    ]
    c["next_link_domain_whitelist"] = ["good.example"]


def p_email_short(c, ctx):
    _email(c, ctx)
    c["email"]["validation_token_lifetime"] = "2s"
    c["registrations_require_3pid"] = ["email"]


def p_no_msisdn(c, ctx):
    _email(c, ctx)
    _msisdn(c, ctx)
    c["enable_registration_without_verification"] = True
    c["disable_msisdn_registration"] = True
    c["allow_underscore_prefixed_localpart"] = True


def p_all(c, ctx):
    _email(c, ctx)
    _msisdn(c, ctx)
    _captcha(c, ctx)
    _terms(c, ctx)
    _as(c, ctx)
    _policy(c)
    c["registration_requires_token"] = True
    c["allow_guest_access"] = True
    c["refreshable_access_token_lifetime"] = "10m"
    c["refresh_token_lifetime"] = "24h"


def p_ratelimits(c, ctx):
    """Synapse's default rate limits."""
    _email(c, ctx)
    _msisdn(c, ctx)
    c["enable_registration_without_verification"] = True
    c["allow_guest_access"] = True
    for k in [k for k in c if k.startswith("rc_")]:
        del c[k]


PROFILES = {n[2:]: f for n, f in list(globals().items()) if n.startswith("p_")}

CONSENT = """<!doctype html><html><body>
{% if has_consented %}<p>You have agreed.</p>{% else %}<p>Please agree.</p>{% endif %}
{% if not public_version %}<form method="post" action="consent">
<input type="hidden" name="v" value="{{version}}"/><input type="hidden" name="u" value="{{user}}"/>
<input type="hidden" name="h" value="{{userhmac}}"/><input type="submit" value="Agree"/></form>{% endif %}
</body></html>"""
CONSENT_OK = "<!doctype html><html><body>Thanks</body></html>"


def _namespace(pattern, exclusive):
    return f"    - {{exclusive: {str(exclusive).lower()}, regex: '{pattern}'}}\n"


def _app_service(name, as_token, hs_token):
    own, shared = _namespace(rf"@{name}_.*:oracle\.test", True), _namespace(r"@shared_.*:oracle\.test", False)
    return f"""id: {name}
url: null
as_token: {as_token}
hs_token: {hs_token}
sender_localpart: {name}bot
rate_limited: false
namespaces:
  users:
{own}{shared}  rooms: []
  aliases: []
"""


def files():
    """The files that the configurations name: name -> text."""
    return {
        "consent/en/1.0.html": CONSENT,
        "consent/en/success.html": CONSENT_OK,
        "as1.yaml": _app_service("as1", AS_TOKEN, HS_TOKEN),
        "as2.yaml": _app_service("as2", AS2_TOKEN, HS2_TOKEN),
    }


@dataclasses.dataclass
class Context:
    """What a configuration depends on besides the profile."""

    dir: str
    port: int
    stubs: Stubs


def build(profile, ctx):
    """The homeserver.yaml, as a dictionary."""
    c = {
        "server_name": SERVER_NAME,
        "public_baseurl": f"http://127.0.0.1:{ctx.port}/",
        "pid_file": os.path.join(ctx.dir, "homeserver.pid"),
        "listeners": [
            {
                "port": ctx.port,
                "bind_addresses": ["127.0.0.1"],
                "tls": False,
                "type": "http",
                "x_forwarded": True,
                "resources": [{"names": ["client", "consent"], "compress": False}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": os.path.join(ctx.dir, "homeserver.db")}},
        "media_store_path": os.path.join(ctx.dir, "media"),
        "log_config": os.path.join(ctx.dir, "log.yaml"),
        "signing_key_path": os.path.join(ctx.dir, "signing.key"),
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "report_stats": False,
        "macaroon_secret_key": "oracle-macaroon-secret",
        "registration_shared_secret": SHARED_SECRET,
        "enable_registration": True,
        # Cheap hashes: nothing that is compared depends on them.
        "bcrypt_rounds": 4,
        "presence": {"enabled": False},
        "user_directory": {"enabled": False},
    }
    _no_limits(c)
    PROFILES[profile](c, ctx)
    if "user_consent" not in c:
        c["listeners"][0]["resources"][0]["names"] = ["client"]
    return c


def write(profile, ctx):
    """Writes the configuration and the files that it names -> the path of the homeserver.yaml."""
    for name, text in files().items():
        path = os.path.join(ctx.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    path = os.path.join(ctx.dir, "homeserver.yaml")
    with open(path, "w") as file:
        json.dump(build(profile, ctx), file, indent=1)  # JSON is YAML
    return path
