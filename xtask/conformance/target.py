"""How the runner gets a running server for a profile.

A target has
    name                     shown in the summary
    start(profile, stubs)    starts an empty server for the profile -> its base URL, without a slash at the end
    stop()                   stops it

The server must
  * read the generated `homeserver.yaml` (`profiles.py`), which uses Synapse's own option names;
  * listen on the port of 127.0.0.1 that the file names, over plain HTTP, and use that as its public base URL;
  * take the client's address from `X-Forwarded-For` (each scenario uses an address of its own);
  * begin with an empty database.
"""

import os
import shutil
import signal
import subprocess
import tempfile

import profiles
from runner.net import free_port, wait_http
from synapse import Server


class SynapseTarget:
    """Synapse itself, as installed by setup.sh."""

    name = "synapse"

    def start(self, profile, stubs):
        self.server = Server(profile, stubs).start()
        return self.server.base_url

    def stop(self):
        self.server.stop()


class CommandTarget:
    """Any program. The command is run by `sh`, in the foreground, until its process group gets SIGTERM.

    Its environment has ORACLE_PROFILE, ORACLE_PORT, ORACLE_DIR (an empty folder for data), ORACLE_CONFIG (the generated
    homeserver.yaml), ORACLE_BASE_URL, ORACLE_SMTP_PORT and ORACLE_STUB_URL.
    """

    name = "command"

    def __init__(self, command):
        self.command = command
        self.process = None

    def start(self, profile, stubs):
        self.dir = tempfile.mkdtemp(prefix=f"conformance-{profile}-", dir=os.environ.get("ORACLE_TMP"))
        port = free_port()
        base_url = f"http://127.0.0.1:{port}"
        config = profiles.write(profile, profiles.Context(self.dir, port, stubs))
        env = dict(
            os.environ,
            ORACLE_PROFILE=profile,
            ORACLE_PORT=str(port),
            ORACLE_DIR=self.dir,
            ORACLE_CONFIG=config,
            ORACLE_BASE_URL=base_url + "/",
            ORACLE_SMTP_PORT=str(stubs.smtp_port),
            ORACLE_STUB_URL=stubs.url,
        )
        with open(os.path.join(self.dir, "out.txt"), "w") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", self.command], env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            wait_http(base_url + "/_matrix/client/versions", self.process, 30)
        except Exception:
            with open(os.path.join(self.dir, "out.txt")) as log:
                print(log.read()[-3000:])
            self.stop()
            raise
        return base_url

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if not os.environ.get("ORACLE_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)


class UrlTarget:
    """A server that was started by hand, for one profile."""

    def __init__(self, base_url):
        self.name = self.base_url = base_url

    def start(self, _profile, _stubs):
        return self.base_url

    def stop(self):
        pass


def make(spec, profile=None):
    """cmd:COMMAND | url:http://... | synapse"""
    kind, _, rest = spec.partition(":")
    if kind == "cmd":
        return CommandTarget(rest)
    if kind == "url" and profile:
        return UrlTarget(rest)
    if kind == "synapse" and not rest:
        return SynapseTarget()
    raise SystemExit(f"unknown target {spec}, or a URL without --profile")
