"""What each vendor's success looks like on the wire."""

from __future__ import annotations

from destinations.sandbox.kissmetrics import GIF


def _answer(status: str, body: bytes = b"", kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


ANSWERS = {
    b"kissmetrics": _answer("200 OK", GIF, "image/gif"),
    b"kustomer": _answer("201 Created", b'{"data":{"type":"tracking_event","id":"5f0000000000000000000001"}}'),
    b"klaviyo": _answer("202 Accepted"),
    b"statsig": _answer("202 Accepted", b'{"success":true}'),
    b"launchdarkly": _answer("202 Accepted"),
}
"""By vendor, which is the first part of a path's first word: ``/kissmetrics-slow/e`` is Kissmetrics's."""

NOT_FOUND = _answer("404 Not Found")
