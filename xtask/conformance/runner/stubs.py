"""Starts the stand-ins for mail server, identity server and captcha provider (`stub_server.py`)."""

import os
import subprocess

from runner.net import HOME, free_port, wait_http


class Stubs:
    def __init__(self):
        self.smtp_port, http_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{http_port}"
        self.http_port, self.process = http_port, None

    def start(self):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stub_server.py")
        self.process = subprocess.Popen(
            [
                f"{HOME}/tools/bin/python",
                program,
                "--smtp-port",
                str(self.smtp_port),
                "--http-port",
                str(self.http_port),
            ],
            stdout=subprocess.DEVNULL,
        )
        wait_http(self.url + "/_stub/mails", self.process)
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
