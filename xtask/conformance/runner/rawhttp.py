"""A minimal HTTP/1.1 client which sends exactly what it is told to (one connection a request)."""

import http.client
import json
import socket
from urllib.parse import urlsplit


class Resp:
    def __init__(self, status, headers, body, failure=None):
        self.status, self.headers, self.body, self.failure = status, headers, body, failure
        self.json = None
        ct = self.header("content-type") or ""
        if body and "json" in ct:
            try:
                self.json = json.loads(body)
            except Exception:
                pass

    def header(self, name):
        v = [x for k, x in self.headers if k.lower() == name.lower()]
        return v[0] if v else None

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def errcode(self):
        return self.json.get("errcode") if isinstance(self.json, dict) else None


def send(base, method, target, headers=(), body=None, timeout=30):
    """target: str (sent as latin-1) or bytes; headers: list of (name, value); body: bytes or None."""
    u = urlsplit(base)
    t = target if isinstance(target, bytes) else target.encode("latin-1", "replace")
    names = {k.lower() for k, _ in headers}
    out = [method.encode() + b" " + t + b" HTTP/1.1"]
    if "host" not in names:
        out.append(f"Host: {u.hostname}:{u.port}".encode())
    if "connection" not in names:
        out.append(b"Connection: close")
    for k, v in headers:
        out.append(k.encode() + b": " + (v if isinstance(v, bytes) else str(v).encode("utf-8")))
    if (
        "content-length" not in names
        and "transfer-encoding" not in names
        and (body is not None or method in ("POST", "PUT"))
    ):
        out.append(b"Content-Length: %d" % len(body or b""))
    data = b"\r\n".join(out) + b"\r\n\r\n" + (body or b"")
    try:
        s = socket.create_connection((u.hostname, u.port), timeout=timeout)
    except OSError as e:
        return Resp(0, [], b"", "connect:" + type(e).__name__)
    try:
        s.settimeout(timeout)
        try:
            s.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        r = http.client.HTTPResponse(s, method=method)
        r.begin()
        b = b"" if method == "HEAD" else r.read()
        return Resp(r.status, r.getheaders(), b)
    except (OSError, http.client.HTTPException) as e:
        return Resp(0, [], b"", type(e).__name__)
    finally:
        s.close()
