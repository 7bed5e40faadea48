from __future__ import annotations

import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations.form.masking import mask_request, mask_text
from destinations.form.request import Request

SECRET = 'p/k +"ü\\9'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        quote(SECRET, safe="").lower(),
        urlencode({"_k": SECRET}),
        json.dumps({"key": SECRET}),
        json.dumps({"key": SECRET}, ensure_ascii=False),
        repr(ValueError(SECRET)),
        f"Authorization: Bearer {SECRET}",
        f"HTTPSConnectionPool(host='trk'): Max retries exceeded with url: /e?_k={quote(SECRET, safe='')}&_p=u",
    ],
)
def test_a_secret_is_hidden_however_it_is_written(written: str) -> None:
    masked = mask_text(written, (SECRET,))
    assert masked.count("***") == 1
    assert "9" not in masked, "the secret's last character would be left of a form not known"


@given(st.text(min_size=1, max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_nothing_of_any_secret_stays_and_nothing_else_goes(secret: str, before: str, after: str) -> None:
    masked = mask_text(before + secret + after, (secret,))
    assert secret not in masked.replace("***", "") or secret in before + after or set(secret) <= {"*"}
    assert mask_text(before, ()) == before
    assert mask_text(before, ("",)) == before


def test_a_longer_secret_is_not_betrayed_by_a_shorter_one_within() -> None:
    assert mask_text("key=abcdef", ("abc", "abcdef")) == "key=***"


def test_a_request_is_masked_in_every_part() -> None:
    request = Request(
        "POST",
        "https://acme.example/e?_k=12345",
        {"Authorization": "Key 12345"},
        json=[{"12345": "x12345", "n": 12345, "other": [True, 7, None]}],
        form={"_k": "12345"},
    )
    masked = mask_request(request, ("12345",))
    assert masked == Request(
        "POST",
        "https://acme.example/e?_k=***",
        {"Authorization": "Key ***"},
        json=[{"***": "x***", "n": "***", "other": [True, 7, None]}],
        form={"_k": "***"},
    )
    assert "12345" in request.url
