from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cryptography.fernet import Fernet

from workers.secrets import SecretKeyError, lock, unlock, vault
from workers.settings import settings

Keys = Callable[..., None]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    """Set ``FLEET_SECRET_KEY``."""

    def give(*given: str) -> None:
        monkeypatch.setenv("FLEET_SECRET_KEY", ",".join(given))
        settings.cache_clear()

    yield give
    settings.cache_clear()


def test_a_secret_is_read_with_any_key_in_force_and_written_with_the_first(keys: Keys) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    keys(old)
    locked = lock("pk_1", vault())
    assert "pk_1" not in str(locked)
    keys(new, old)
    assert unlock(locked, vault()) == "pk_1"
    renewed = lock("pk_1", vault())
    keys(new)
    assert unlock(renewed, vault()) == "pk_1"
    with pytest.raises(SecretKeyError, match="FLEET_SECRET_KEY"):
        unlock(locked, vault())


@pytest.mark.parametrize("value", ["plain", 7, None, {"encrypted": "x", "and": "more"}, {"device": "anonymous_id"}])
def test_what_is_not_locked_is_left_as_it_is(keys: Keys, value: object) -> None:
    keys(Fernet.generate_key().decode())
    assert unlock(value, vault()) == value


@pytest.mark.parametrize("given", [[], ["not a key"]])
def test_a_missing_or_malformed_key_is_told_with_the_remedy(keys: Keys, given: list[str]) -> None:
    keys(*given)
    with pytest.raises(SecretKeyError, match="a new fleet's is made with"):
        vault()
