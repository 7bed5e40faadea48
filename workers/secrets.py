"""Secrets at rest, encrypted with ``FLEET_SECRET_KEY``: Fernet keys separated by commas; the first encrypts."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from workers.settings import settings


class SecretKeyError(Exception):
    """``FLEET_SECRET_KEY`` is missing, malformed, or not the one the secrets were encrypted with."""


MAKE_ONE = (
    "give the fleet's; a new fleet's is made with: "
    "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
)


def vault() -> MultiFernet:
    """The cipher of this process's keys."""
    keys = settings().secret_keys
    if not keys:
        raise SecretKeyError(f"FLEET_SECRET_KEY is not set; {MAKE_ONE}")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise SecretKeyError(f"FLEET_SECRET_KEY is not a Fernet key ({error}); {MAKE_ONE}") from error


def lock(value: str, cipher: MultiFernet) -> dict[str, str]:
    """Encrypt one secret; what is stored in its place."""
    return {"encrypted": cipher.encrypt(value.encode()).decode()}


def is_locked(value: Any) -> bool:
    """Whether a value is what ``lock`` made."""
    return isinstance(value, dict) and set(value) == {"encrypted"}


def unlock(value: Any, cipher: MultiFernet) -> Any:
    """Decrypt what ``lock`` made; anything else is returned as it is."""
    if not is_locked(value):
        return value
    try:
        return cipher.decrypt(value["encrypted"].encode()).decode()
    except InvalidToken as error:
        raise SecretKeyError(
            "a stored secret cannot be read with FLEET_SECRET_KEY; give the key it was encrypted with, "
            "or, if that is lost, store all secrets anew: fleet apply FILE --new-key"
        ) from error
