"""What every answer must be, given the OpenAPI document."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]


def quickly(examples: int) -> settings:
    """Settings for so many examples against a real server."""
    unhurried = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, suppress_health_check=unhurried)


def cases(operation: Any) -> st.SearchStrategy[Any]:
    """Requests that the document allows, and such as it does not."""
    return st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode))
