"""Shortcuts on the way to a request give what the plain ways give."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from destinations.form.keys import idempotency_key
from destinations.form.request import Request, encode_pairs

KEYS = UUID("8d0f6f0c-9f0e-5c55-9d2d-5f2b5a5c3c11")


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_a_key_is_the_uuid_of_its_events(message_ids: list[str]) -> None:
    assert idempotency_key(message_ids) == str(uuid5(KEYS, "\n".join(message_ids)))


@given(st.dictionaries(st.text(), st.text(), max_size=3))
def test_pairs_are_escaped_as_quote_does(pairs: dict[str, str]) -> None:
    expected = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())
    assert encode_pairs(pairs) == expected
    assert Request("POST", "http://x", {}, form=pairs).payload() == expected.encode()
