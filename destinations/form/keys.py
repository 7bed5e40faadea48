"""Idempotency keys: the same events always make the same one."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid5

_NAMESPACE = UUID("8d0f6f0c-9f0e-5c55-9d2d-5f2b5a5c3c11")


def idempotency_key(message_ids: Iterable[str]) -> str:
    """A UUID for the request that carries these events in this order."""
    return str(uuid5(_NAMESPACE, "\n".join(message_ids)))
