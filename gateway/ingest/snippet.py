"""``GET /datafly.js``: our library for browsers, compressed once."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib.resources import files

from flask import Response, request
from flask_smorest import Blueprint

SECONDS_CACHED = 3600

blueprint = Blueprint("snippet", __name__, description="Our library for browsers.")


@cache
def _script() -> tuple[bytes, bytes, str]:
    """The script, also gzipped, and what tells its versions apart."""
    plain = (files("gateway") / "ingest" / "datafly.js").read_bytes()
    return plain, gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest()[:16]


@blueprint.get("/datafly.js")
@blueprint.doc(responses={200: {"description": "The script.", "content": {"text/javascript": {}}}})
def datafly() -> Response:
    """Hand out the script that pages load; docs/producers.md says how."""
    plain, packed, version = _script()
    takes_gzip = bool(request.accept_encodings["gzip"])
    response = Response(packed if takes_gzip else plain, mimetype="text/javascript")
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.cache_control.public = True
    response.cache_control.max_age = SECONDS_CACHED
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.set_etag(f"{version}-gzip" if takes_gzip else version)
    response.make_conditional(request)
    return response
