"""Whatever comes in, the answer is one the OpenAPI document names, and nothing breaks."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import TYPES
from tests.gateway.documented import CHECKS, cases, quickly
from tests.gateway.shop import Shop
from tests.unit.schemas.strategies import hostile, likely
from workers.local.parts import Gateway

pytestmark = pytest.mark.engine

PATHS = [f"/v1/{name}" for name in (*TYPES, "batch", "import")]
quick = quickly(25)


@pytest.fixture(scope="module")
def api(gateway: Gateway) -> Any:
    """The document, as it is served."""
    return schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_as_documented(api: Any, shop: Shop, path: str) -> None:
    @quick
    @given(cases(api[path]["POST"]))
    def check(case: Any) -> None:
        # Not whether what it forbids is refused: events have rules that it cannot state, and libraries are odd.
        case.call_and_validate(auth=(shop.key, ""), checks=CHECKS)

    check()


@quick
@given(
    events=st.lists(likely | hostile, max_size=3),
    shared=st.dictionaries(st.sampled_from(["context", "integrations", "sentAt", "writeKey", "batch"]), hostile),
)
def test_hostile_events_are_kept_or_named(shop: Shop, events: list[Any], shared: dict[str, Any]) -> None:
    try:
        body = orjson.dumps({"batch": events, **shared}, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        return
    answer = shop.post("/v1/batch", body)
    told = answer.json()
    assert answer.status_code in (200, 400)
    if answer.status_code == 200 and "batch" not in shared:
        assert len(shop.kept()) == told.get("kept", len(events))
        assert all(fault["faults"] for fault in told.get("faults", []))


@quick
@given(body=st.binary(max_size=200), packed=st.booleans(), header=st.sampled_from(["gzip", "identity", "", "br"]))
def test_any_bytes_are_answered(shop: Shop, body: bytes, packed: bool, header: str) -> None:
    sent = gzip.compress(body) if packed else body
    answer = shop.post("/v1/batch", sent, headers={"Content-Encoding": header})
    assert answer.status_code in (400, 415)
    assert answer.json()["error"]["message"]


@quick
@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_any_credentials_are_answered(shop: Shop, header: str) -> None:
    for scheme in ("", "Basic ", "Bearer "):
        headers = {"Authorization": (scheme + header).strip().encode("latin-1")}
        answer = shop.post("/v1/track", {"userId": "u", "event": "E"}, auth=None, headers=headers)
        assert answer.status_code in (400, 401), answer.text
