"""Whatever comes in, the answer is one the OpenAPI document names, and nothing breaks."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from schemas.vocabulary import TYPES
from tests.gateway.shop import Shop
from tests.unit.schemas.strategies import hostile, likely
from workers.local.parts import Gateway

pytestmark = pytest.mark.engine

PATHS = [f"/v1/{name}" for name in (*TYPES, "batch", "import")]
CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]
"""Not whether what the document forbids is refused: events have rules it cannot state, and libraries are odd."""

quickly = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def api(gateway: Gateway) -> Any:
    """The document, as it is served."""
    return schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_as_documented(api: Any, shop: Shop, path: str) -> None:
    modes = list(schemathesis.GenerationMode)

    @quickly
    @given(st.one_of(*(api[path]["POST"].as_strategy(generation_mode=mode) for mode in modes)))
    def check(case: Any) -> None:
        case.call_and_validate(auth=(shop.key, ""), checks=CHECKS)

    check()


@quickly
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


@quickly
@given(body=st.binary(max_size=200), packed=st.booleans(), header=st.sampled_from(["gzip", "identity", "", "br"]))
def test_any_bytes_are_answered(shop: Shop, body: bytes, packed: bool, header: str) -> None:
    sent = gzip.compress(body) if packed else body
    answer = shop.post("/v1/batch", sent, headers={"Content-Encoding": header})
    assert answer.status_code in (400, 415)
    assert answer.json()["error"]["message"]


@quickly
@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_any_credentials_are_answered(shop: Shop, header: str) -> None:
    for scheme in ("", "Basic ", "Bearer "):
        headers = {"Authorization": (scheme + header).encode("latin-1")}
        answer = shop.post("/v1/track", {"userId": "u", "event": "E"}, auth=None, headers=headers)
        assert answer.status_code in (400, 401), answer.text
