"""Ports, waiting for a server, and where the Python environments are."""

import os
import socket
import time
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HOME = os.environ.get("ORACLE_HOME", os.path.join(TOP, "target", "conformance"))


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def wait_http(url, process, limit=60):
    """Waits until anything answers at the URL."""
    end = time.time() + limit
    while time.time() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the process ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=2).read()
            return
        except urllib.error.HTTPError:
            return
        except Exception:
            time.sleep(0.1)
    raise RuntimeError("no answer from " + url)
