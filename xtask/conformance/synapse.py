"""Starts and stops the Synapse that setup.sh installs, with a profile and an SQLite database."""

import base64
import os
import secrets
import shutil
import subprocess
import sys
import tempfile

import profiles
from runner.net import HOME, free_port, wait_http

LOG = """version: 1
formatters: {f: {format: '%(asctime)s %(levelname)s %(name)s %(message)s'}}
handlers: {file: {class: logging.FileHandler, formatter: f, filename: FILE}}
root: {level: WARNING, handlers: [file]}
disable_existing_loggers: false
"""


class Server:
    def __init__(self, profile, stubs):
        self.profile, self.stubs = profile, stubs
        self.dir = tempfile.mkdtemp(prefix=f"synapse-{profile}-", dir=os.environ.get("ORACLE_TMP"))
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        config = profiles.write(self.profile, profiles.Context(self.dir, self.port, self.stubs))
        with open(f"{self.dir}/log.yaml", "w") as file:
            file.write(LOG.replace("FILE", f"{self.dir}/synapse.log"))
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        with open(f"{self.dir}/signing.key", "w") as file:
            file.write(f"ed25519 a_key {key}\n")
        env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        env.pop("PYTHONPATH", None)
        with open(f"{self.dir}/out.txt", "w") as log:
            self.process = subprocess.Popen(
                [f"{HOME}/synapse/bin/python", "-W", "ignore", "-m", "synapse.app.homeserver", "-c", config],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.dir,
                env=env,
                start_new_session=True,
            )
        try:
            wait_http(self.base_url + "/_matrix/client/versions", self.process)
        except Exception:
            with open(f"{self.dir}/out.txt") as log:
                sys.stderr.write(log.read()[-3000:])
            self.stop()
            raise
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
