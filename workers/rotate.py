"""Rotate: encrypt every stored secret anew, under the first key of ``FLEET_SECRET_KEY``."""

from __future__ import annotations

from typing import Any

import orjson
from cryptography.fernet import MultiFernet
from redis.exceptions import ResponseError

from workers import changes, keys, scripts
from workers.changes import PROGRAM, Author
from workers.connection import redis
from workers.registry import Document, Installed, read_installed
from workers.secrets import SecretKeyError, lock, unlock, vault
from workers.settings import settings


class Overtaken(Exception):
    """Somebody changed the fleet meanwhile: rotate again."""


def rotate(author: Author = PROGRAM) -> dict[str, int]:
    """Encrypt all secrets anew, all or none; how many by integration.

    Raises ``SecretKeyError`` naming every integration with a secret that none of the keys opens, and ``Overtaken``.
    """
    cipher, installed = vault(), read_installed()
    done: dict[str, int] = {}
    documents: dict[str, Document] = {}
    unreadable = []
    for name, document in installed.documents.items():
        try:
            documents[name], done[name] = _locked_anew(document, cipher)
        except SecretKeyError:
            unreadable.append(name)
    if unreadable:
        raise SecretKeyError(
            f"secrets of {', '.join(sorted(unreadable))} open with no key of FLEET_SECRET_KEY; nothing was changed. "
            "Add the key they were encrypted with, after the new one and a comma"
        )
    _store(installed, documents, changes.packed(author, "secrets encrypted anew", "all integrations", done))
    return done


def _locked_anew(document: Document, cipher: MultiFernet) -> tuple[Document, int]:
    config: dict[str, Any] = dict(document["spec"]["config"])
    secrets = {field: opened for field, value in config.items() if (opened := unlock(value, cipher)) is not value}
    config |= {field: lock(opened, cipher) for field, opened in secrets.items()}
    return {**document, "spec": {**document["spec"], "config": config}}, len(secrets)


def _store(installed: Installed, documents: dict[str, Document], noted: bytes) -> None:
    pairs = [part for name, document in documents.items() for part in (name, orjson.dumps(document))]
    try:
        names = (keys.INTEGRATIONS, keys.REVISION, keys.CHANGES)
        scripts.call(redis(), "rotate", names, [installed.revision, noted, settings().changes_kept, *pairs])
    except ResponseError as error:
        if str(error) != "STALE":
            raise
        raise Overtaken from error
