"""Repeated message ids: for at least 24 hours a message id is routed once per pipeline.

Digests of 12 bytes lie in sets of eight hours each; this stretch's and the three before are looked at. A key per id
would cost Redis 2.6 times the memory (99 bytes an id instead of 39, measured on Valkey 9.1).
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64

from workers import keys

STRETCH_MS = 8 * 3_600_000
SETS = 4
KEEP_MS = SETS * STRETCH_MS


def digest(message_id: str) -> str:
    """What is kept of a message id."""
    return b2a_base64(hashlib.blake2b(message_id.encode(), digest_size=12).digest(), newline=False).decode()


def mark_sets(pipeline: str, now_ms: int) -> list[str]:
    """Keys of the sets in force, the one to write to first."""
    newest = now_ms // STRETCH_MS
    return [keys.seen(pipeline, newest - age) for age in range(SETS)]
