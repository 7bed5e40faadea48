"""Whatever is asked of the admin API, the answer is one the OpenAPI document names, and nothing breaks."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks as openapi

from gateway.app import create_app
from tests.engine.burials import bury
from tests.engine.events import tracks
from tests.engine.fleet import Fleet
from tests.gateway.admin.conftest import Admin
from tests.gateway.conftest import ADMIN_TOKEN
from tests.gateway.documented import CHECKS, cases, quickly
from tests.gateway.door import error
from workers.local.parts import Gateway

pytestmark = pytest.mark.engine

REFUSES = [*CHECKS, openapi.negative_data_rejection]
"""Not whether all that the document allows is taken: what a destination wants in its config it cannot state."""

quick = quickly(12)


def operations() -> list[tuple[str, str]]:
    """Every operation of the admin API, but for the stream, which has no end."""
    paths = create_app().test_client().get("/openapi.json").get_json()["paths"]
    return [
        (path, method.upper())
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/v1/admin/") and not path.endswith("/stream") and method != "parameters"
    ]


@pytest.fixture(scope="module")
def api(gateway: Gateway) -> Any:
    return schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")


@pytest.mark.parametrize(("path", "method"), operations())
def test_every_answer_is_as_documented(api: Any, fleet: Fleet, path: str, method: str) -> None:
    fleet.number = 1
    [name] = fleet.install("klaviyo")
    bury(fleet, name, tracks(3))
    known = {"name": name, "destination": "klaviyo", "pipeline": "default"}

    @quick
    @given(cases(api[path][method]), st.booleans())
    def check(case: Any, there: bool) -> None:
        if there:
            asked = case.path_parameters or {}
            case.path_parameters = {**asked, **{key: value for key, value in known.items() if key in asked}}
        case.call_and_validate(headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, checks=REFUSES)

    check()


@quick
@given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "text/plain", ""]))
def test_any_bytes_are_answered(gateway: Gateway, fleet: Fleet, body: bytes, kind: str) -> None:
    with Admin(gateway.url) as admin:
        headers = {"Content-Type": kind}
        answer = admin.post("/integration-catalog/klaviyo/install", data=body, headers=headers)
    assert error(answer, answer.status_code)["message"]
    assert answer.status_code in ((415,) if body and "json" not in kind else (400, 422)), answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"name": "n", "config": %s1%s}' % (b'{"a":' * 900, b"}" * 900), 422),
        (b'{"name": "n", "blueprint": %s1%s}' % (b'{"fields":' * 900, b"}" * 900), 422),
        (b'{"name": "%s"}' % (b"x" * 1_000_001), 413),
    ],
    ids=["deeper than can be read", "deep config", "deep blueprint", "large"],
)
def test_what_is_too_deep_or_too_large_is_answered(admin: Admin, fleet: Fleet, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    for sent in (body, iter([body])):  # the second does not say how large it is
        error(admin.post("/integration-catalog/klaviyo/install", data=sent, headers=headers), status)
