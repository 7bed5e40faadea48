"""What every vendor's keys have in common: they travel in a header, and they are never shown."""

from __future__ import annotations

from hashlib import blake2b

from marshmallow import validate

one_word = validate.Regexp(r"[!-~]+\Z", error="Must be one word of printable ASCII, without spaces or line breaks.")
"""Validates a key that is sent in a header; the message never repeats the key."""


def fingerprint(secret: str) -> str:
    """A name for an account that is known only by its secret: stable, and no way back to the secret."""
    return blake2b(secret.encode(), digest_size=8, person=b"account").hexdigest()
