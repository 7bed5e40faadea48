"""The contract: what every destination owes, checked of each for free.

A new destination brings its file, its golden cases, its sandbox vendor and its docs page, and passes all of this.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from destinations.form.catalog import catalog
from destinations.form.explain import explain, warnings_of
from destinations.form.integration import Integration, InvalidSpec, install, secret_fields
from destinations.form.pages import stale
from destinations.form.parts import Answer, Outcome, Record, Verdict
from destinations.form.request import Request
from destinations.sandbox.exchange import Call, Receipt, Refused
from destinations.sandbox.vendor import Gate
from destinations.sandbox.vendors import vendors
from schemas.event import InvalidEvent, load_event

DOCS = Path(__file__).parents[2] / "docs" / "destinations"
GOLDEN = Path(__file__).parents[1] / "golden"
KEY = "5f0a6a34-3a54-5d6e-9a43-0d2f3a8f7f10"
AT = 1_780_740_000.0  # 2026-06-06T10:00:00Z

Case = dict[str, Any]
NAMES = sorted(catalog())
each_destination = pytest.mark.parametrize("name", NAMES)


@cache
def golden(name: str, suffix: str = ".json") -> list[Case]:
    cases: list[Case] = json.loads((GOLDEN / f"{name}{suffix}").read_text())
    return cases


def events_of(case: Case) -> list[dict[str, Any]]:
    return deepcopy(case.get("events") or [case["event"]])


def installed(name: str, case: Case, **more: Any) -> Integration:
    return install("contract", {"destination": name, **case["integration"], **more})


def sent(name: str) -> Iterator[Case]:
    """The golden cases that end in a request."""
    for case in golden(name):
        expect = case["expect"]
        if expect.get("outcome") == "send" or expect.get("request"):
            yield case


def outcome_of(integration: Integration, event: dict[str, Any]) -> Outcome:
    return integration.screen(event) or integration.transform(event)


def plain(name: str) -> Case:
    return next(sent(name))


def requests_of(integration: Integration, records: Sequence[Record]) -> list[Request]:
    size = integration.batch.events
    parts = [records[start : start + size] for start in range(0, len(records), size)]
    return [integration.request(part, KEY) for part in parts]


# The form, filled in


@each_destination
def test_every_setting_says_what_it_is(name: str) -> None:
    silent = [
        f"{key}.{word}"
        for key, field in catalog()[name].config.fields.items()
        for word in ("label", "help")
        if not field.metadata.get(word)
    ]
    assert silent == []


@each_destination
def test_every_credential_is_a_required_secret(name: str) -> None:
    destination = catalog()[name]
    secrets = secret_fields(destination)
    assert secrets
    assert [key for key in secrets if not destination.config.fields[key].required] == []


@each_destination
def test_every_limit_says_who_says_so(name: str) -> None:
    integration = installed(name, plain(name))
    assert integration.limits
    assert [limit for limit in integration.limits if not limit.source] == []


@each_destination
def test_is_found_under_its_file_s_name_and_speaks_https(name: str) -> None:
    destination = catalog()[name]
    assert destination.name == name
    assert destination.host(installed(name, plain(name)).config).startswith("https://")
    assert destination.docs.startswith("https://")


@each_destination
def test_all_faults_of_a_config_are_told_and_no_secret_with_them(name: str) -> None:
    destination = catalog()[name]
    faulty = dict.fromkeys(secret_fields(destination), "not fit\nfor a header") | {"no_such_setting": 1}
    faults = destination.config.validate(faulty)
    required = {key for key, field in destination.config.fields.items() if field.required}
    assert faults.keys() >= required | {"no_such_setting"}
    assert "not fit" not in json.dumps(faults)


# Golden cases that leave nothing out


@each_destination
def test_golden_cases_send_every_row_of_every_variant(name: str) -> None:
    destination = catalog()[name]
    shown = {
        (case["integration"].get("variant", "default"), event.get("event") or event["type"])
        for case in sent(name)
        for event in events_of(case)
    }
    rows = {(variant, event) for variant, blueprint in destination.variants.items() for event in blueprint["events"]}
    assert rows - shown == set()


@each_destination
def test_golden_cases_use_every_setting(name: str) -> None:
    used = {key for case in golden(name) for key in case["integration"]["config"]}
    assert catalog()[name].config.fields.keys() - used == set()


@each_destination
def test_golden_answers_cover_every_status_that_is_spoken_of(name: str) -> None:
    destination = catalog()[name]
    covered = {case["status"] for case in golden(name, ".answers.json")}
    assert {*destination.hints, *destination.verdicts, 401, 429} - covered == set()
    assert destination.success & covered
    assert max(covered) >= 500


# Requests


def secret_cases() -> Iterator[Any]:
    for name in NAMES:
        for key in secret_fields(catalog()[name]):
            yield pytest.param(name, key, id=f"{name}: {key}")


@pytest.mark.parametrize(("name", "key"), list(secret_cases()))
def test_a_secret_is_sent_and_never_shown(name: str, key: str) -> None:
    secret = "s3cret/+&%=word"
    case = deepcopy(plain(name))
    case["integration"]["config"][key] = secret
    event = events_of(case)[0]
    event.setdefault("properties", {})["note"] = f"the key is {secret}"
    integration = installed(name, case)
    [shown], [revealed] = explain(event, [integration]), explain(event, [integration], reveal=True)
    used = {**revealed["request"], "body": None}
    assert secret in json.dumps(used) or "s3cret%2F%2B%26%25%3Dword" in used["url"]
    assert "s3cret" not in json.dumps(shown)


@each_destination
def test_base_url_replaces_the_host_and_nothing_else(name: str) -> None:
    case = plain(name)
    event = load_event(events_of(case)[0])
    own, proxied = installed(name, case, base_url=None), installed(name, case, base_url="http://127.0.0.1:9/proxy/")
    records = own.transform(event).records
    [before], [after] = requests_of(own, records), requests_of(proxied, records)
    assert after.url == before.url.replace(own.origin, "http://127.0.0.1:9/proxy", 1)
    assert (after.method, after.headers, after.payload()) == (before.method, before.headers, before.payload())


@each_destination
def test_a_batch_takes_as_many_events_as_it_says(name: str) -> None:
    for case in sent(name):
        integration = installed(name, case)
        records = outcome_of(integration, load_event(events_of(case)[0])).records
        many = list(records) * integration.batch.events
        [whole, *_] = requests_of(integration, many[: integration.batch.events])
        assert whole.payload() is not None or integration.batch.events == 1


# What the vendor makes of it


def deliver(integration: Integration, request: Request) -> tuple[Answer, Receipt | None]:
    """Give a request to the sandbox vendor; the receipt is None where it is refused."""
    vendor = vendors()[integration.destination.name]()
    path, _, query = request.url.removeprefix(integration.origin).partition("?")
    body = request.body() or b""
    headers = CIMultiDict({**request.headers, "Content-Length": str(len(body))})
    receipt: Receipt | None = None
    try:
        receipt = vendor.receive(Call(request.method, path, query, headers, body, AT), Gate(vendor))
        answer = receipt.answer
    except Refused as refused:
        answer = refused.answer
    return Answer(answer.status, {key.lower(): text for key, text in answer.headers.items()}, answer.body), receipt


def sandbox_cases() -> Iterator[Any]:
    for name in NAMES:
        for case in sent(name):
            if case.get("sandbox", True):
                yield pytest.param(name, case, id=f"{name}: {case['name']}")


@pytest.mark.parametrize(("name", "case"), list(sandbox_cases()))
def test_the_sandbox_keeps_what_a_golden_case_sends(name: str, case: Case) -> None:
    integration = installed(name, case)
    outcomes = [outcome_of(integration, load_event(event)) for event in events_of(case)]
    records = [record for outcome in outcomes for record in outcome.records]
    kept = 0
    for request in requests_of(integration, records):
        answer, receipt = deliver(integration, request)
        assert integration.read(answer).verdict is Verdict.DELIVERED, answer.body
        assert receipt is not None
        assert not receipt.discarded
        assert not receipt.noted or any(warnings_of(integration, outcome) for outcome in outcomes), receipt.noted
        kept += len(receipt.items)
    assert kept == len(records)


# Odd events

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KNOWN = ["revenue", "value", "currency", "price", "url", "order_id", "createdAt", "itemsNum", "_p", "a.b", "id"]
TRAITS = ["email", "phone", "name", "first_name", "last_name", "phone_number", "company"]
CONTEXT = ["ip", "locale", "user_agent", "page", "campaign"]
NOW = "2026-06-06T10:00:00.123Z"
TIMES = [NOW, NOW, 1780740000, "1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2031-01-01T00:00:00Z"]


def objects(known: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(known) | st.text(max_size=12), json_values, max_size=6)


persons = st.sampled_from([("user-1", None), (None, "anon-1"), ("user-1", "anon-1")])
odd_persons = st.tuples(st.text(max_size=20), st.text(min_size=1, max_size=20))


@st.composite
def odd_events(draw: st.DrawFn, rows: Sequence[str]) -> dict[str, Any]:
    """An event of a mapped name, or of any other, with anything at all in it."""
    row = draw(st.sampled_from(rows) | st.sampled_from(rows) | st.text(min_size=1, max_size=20))
    kind = row if row in ("page", "screen", "identify", "group", "alias") else "track"
    user_id, anonymous_id = draw(persons | odd_persons)
    consent = st.dictionaries(st.sampled_from(["marketing", "analytics", "a b"]), st.booleans(), max_size=2)
    event = {
        "type": kind,
        "event": row if kind == "track" else None,
        "message_id": "m-1",
        "user_id": user_id,
        "anonymous_id": anonymous_id,
        "timestamp": draw(st.sampled_from(TIMES)),
        "received_at": "2026-06-06T10:00:01Z",
        "properties": draw(objects(KNOWN)),
        "traits": draw(objects(TRAITS)),
        "context": draw(objects(CONTEXT)) | {"consent": draw(consent)},
    }
    return {key: value for key, value in event.items() if value is not None}


SOURCES = ["properties", "properties.revenue", "properties.url", "traits", "traits.email", "context.page", "timestamp"]


def bent(name: str, variant: str) -> st.SearchStrategy[dict[str, Any]]:
    """A blueprint in which a field or two, the event's name among them, read something they should not."""
    destination = catalog()[name]
    blueprint = destination.variants[variant]
    targets = [*blueprint["fields"], destination.name_path or "", blueprint["rest"].get("into", "")]
    known = st.sampled_from(sorted({*targets} - {""}))
    fields = st.dictionaries(known, st.sampled_from(SOURCES), min_size=1, max_size=2)
    kept = st.fixed_dictionaries({"unmapped": st.just("forward"), "fields": fields})
    return kept | kept.map(lambda blueprint: blueprint | {"rest": None})


def plain_specs(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """The integrations of the golden cases that change no blueprint and ask for no consent."""
    specs = [case["integration"] for case in golden(name) if case.get("sandbox", True)]
    return st.sampled_from([spec for spec in specs if "blueprint" not in spec and "consent" not in spec])


def check(integration: Integration, event: dict[str, Any]) -> Outcome:
    before = deepcopy(event)
    screened, outcome = integration.screen(event), integration.transform(event)
    assert event == before, "the event was changed"
    assert integration.transform(event) == outcome, "the same event came out otherwise"
    if screened is not None:
        assert (outcome.kind, outcome.reason) == (screened.kind, screened.reason)
    assert (outcome.kind == "send") == bool(outcome.records)
    assert outcome.kind == "send" or outcome.reason, "nobody is told why"
    return outcome


def check_request(integration: Integration, request: Request, outcome: Outcome) -> bool:
    """Whether the vendor took it; what it takes it must keep, or have been warned about."""
    assert request.url.startswith(f"{integration.origin}/")
    assert request.url.isascii()
    assert orjson.loads(orjson.dumps(request.json)) == request.json
    assert all(text.isascii() and text.isprintable() for text in request.headers.values())
    answer, receipt = deliver(integration, request)
    if receipt is None:
        return False
    assert not receipt.discarded, "the vendor throws it away without a word"
    assert not receipt.noted or warnings_of(integration, outcome), "the vendor changes it without a word"
    return integration.read(answer).verdict is Verdict.DELIVERED


def loaded(raw: dict[str, Any]) -> dict[str, Any]:
    try:
        return load_event(raw)
    except InvalidEvent:
        reject()


@each_destination
@given(data=st.data())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_no_event_is_too_odd(name: str, data: st.DataObject) -> None:
    """Whatever comes is sent, dropped or rejected, and what is sent the vendor takes and keeps."""
    spec = data.draw(plain_specs(name), label="integration")
    forward = data.draw(st.sampled_from([{}, {"unmapped": "forward"}]), label="blueprint")
    rows = list(catalog()[name].variants[spec.get("variant", "default")]["events"])
    event = loaded(data.draw(odd_events(rows), label="event"))
    integration = install("odd", {"destination": name, **spec, "blueprint": forward})
    outcome = check(integration, event)
    for request in requests_of(integration, outcome.records):
        assert check_request(integration, request, outcome), deliver(integration, request)[0]


@each_destination
@given(data=st.data())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_no_blueprint_is_too_odd(name: str, data: st.DataObject) -> None:
    """An override may make an event unfit, which is said; it breaks nothing and has nothing discarded in silence."""
    spec = data.draw(plain_specs(name), label="integration")
    variant = spec.get("variant", "default")
    try:
        integration = install("odd", {"destination": name, **spec, "blueprint": data.draw(bent(name, variant))})
    except InvalidSpec:
        reject()
    event = loaded(data.draw(odd_events(list(catalog()[name].variants[variant]["events"])), label="event"))
    outcome = check(integration, event)
    for request in requests_of(integration, outcome.records):
        check_request(integration, request, outcome)


# Beside the code


@each_destination
def test_its_docs_page_is_current(name: str) -> None:
    assert f"{name}.md" not in stale(DOCS), "run make docs"


@each_destination
def test_has_a_sandbox_vendor(name: str) -> None:
    assert name in vendors()


def test_every_sandbox_vendor_has_a_destination() -> None:
    assert set(vendors()) == set(NAMES)
