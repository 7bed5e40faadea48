"""Events, good and odd, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from schemas.vocabulary import CONTEXT_NAMES, EVENT_NAMES, KEYS, TYPES

texts = st.text(st.characters(), max_size=8) | st.sampled_from(["", " ", "\ud83d", "x" * 255, "x" * 256, "é", "\x00"])
numbers = st.integers() | st.floats() | st.sampled_from([10**300, 2**63, 2**64 - 1, 2**64, -(2**63), 1e11, 1717667891])
scalars = st.none() | st.booleans() | numbers | texts

times = (
    st.datetimes(timezones=st.none() | st.timezones()).map(lambda moment: moment.isoformat())
    | st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
    | st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z")
    | st.sampled_from(["2026-06-06T10:00:00.000Z", "2026-W23-4T10:00:00Z", "2026-06-06T24:00:00Z", "20260606", ""])
    | numbers
)
ids = st.sampled_from(["u1", "a b", "a\nb", "\x85", "a\u200db", "é", "x" * 255]) | st.integers()
consents = st.dictionaries(st.sampled_from(["marketing", "analytics", "userAgent"]), st.booleans() | st.none())
keys = texts | st.sampled_from(["traits", "consent", "categoryPreferences", *CONTEXT_NAMES, *CONTEXT_NAMES.values()])
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)  # fmt: skip
odd = st.recursive(
    scalars | st.binary(max_size=2) | st.datetimes() | st.uuids() | st.decimals(),
    lambda below: (
        st.lists(below, max_size=3)
        | st.lists(below, max_size=3).map(tuple)
        | st.dictionaries(keys | scalars, below, max_size=3)
    ),
    max_leaves=12,
)


def deep(levels: int) -> Any:
    """A list in a list, ``levels`` deep; the innermost is empty."""
    return [] if levels == 1 else [deep(levels - 1)]


deeps = st.integers(1, 12).map(deep)
objects = st.dictionaries(st.text(max_size=5), plain | deeps, max_size=4)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "consent": consents | st.fixed_dictionaries({}, optional={"categoryPreferences": consents, "vendor": plain}),
        "traits": objects | st.none(),
        "userAgent": plain,
        "user_agent": plain,
        "device": st.dictionaries(st.sampled_from(["advertisingId", "advertising_id", "id"]), plain),
        "page": objects,
    },
)

likely_parts: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["event", "name", "message_id", "user_id", "anonymous_id", "group_id", "previous_id"], ids),
    **dict.fromkeys(["userId", "anonymousId", "groupId"], ids),
    **dict.fromkeys(["timestamp", "sent_at", "received_at", "sentAt"], times),
    **dict.fromkeys(["properties", "traits", "integrations"], objects),
    "context": contexts,
    "writeKey": plain,
}
likely = st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional=likely_parts)
"""Events a producer might send, most of them good."""

normal_parts: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(min_size=1, max_size=5),
    "message_id": ids.map(str),
    "timestamp": times,
    "properties": objects,
    "traits": objects,
    "context": contexts,
}
nearly_normal = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "page"]), "user_id": ids.map(str), "event": ids.map(str)},
    optional=normal_parts,
)
"""Events the quick check mostly accepts."""

segment_contexts = st.fixed_dictionaries(
    {},
    optional={
        "consent": st.none() | st.fixed_dictionaries({"categoryPreferences": consents | st.none()}) | consents,
        "traits": st.dictionaries(st.text(max_size=5), scalars | deeps, max_size=3) | st.none(),
        "userAgent": st.none() | st.text(max_size=5),
        "user_agent": st.none() | st.text(max_size=5),
        "device": st.dictionaries(
            st.sampled_from(["advertisingId", "advertising_id", "traits", "id"]), plain | st.none(), max_size=3
        ),
        "page": objects,
    },
)
segment_parts: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["anonymousId", "messageId", "anonymous_id"], ids | st.none()),
    **dict.fromkeys(["timestamp", "sentAt", "originalTimestamp"], times | st.none()),
    **dict.fromkeys(["properties", "traits", "integrations"], st.none() | objects),
    "context": st.none() | segment_contexts,
    "writeKey": plain,
}
from_segment = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify"]), "userId": ids, "event": ids.map(str)},
    optional=segment_parts,
)
"""Events as Segment's libraries send them, the quick check accepts most."""

hostile = odd | st.dictionaries(st.sampled_from([*KEYS, *EVENT_NAMES]) | scalars, odd)
"""Anything at all."""
