"""The words of an event: its kinds, its keys, the camelCase names Segment gives them, its size."""

from __future__ import annotations

from dataclasses import dataclass

TYPES = ("track", "page", "screen", "identify", "group", "alias")

TEXTS = frozenset({"event", "name"})
IDS = frozenset({"message_id", "user_id", "anonymous_id", "group_id", "previous_id"})
MOMENTS = frozenset({"timestamp", "sent_at", "received_at"})
OBJECTS = frozenset({"properties", "traits", "context", "integrations"})
KEYS = frozenset({"type"}) | TEXTS | IDS | MOMENTS | OBJECTS

NEEDS = {"track": ("event",), "group": ("group_id",), "alias": ("previous_id", "user_id")}
"""Keys without which an event of that type says nothing."""

LONGEST_TEXT = 255
"""Characters of an id or a name: Kissmetrics' limit for names, Klaviyo's for external ids."""


@dataclass(frozen=True, slots=True)
class EventLimits:
    """How large an event may be.

    ``max_bytes`` of the normal form as compact JSON; ``max_depth`` counts objects and lists inside one another,
    the event itself being the first.
    """

    max_bytes: int = 32_768
    max_depth: int = 10


def camel(key: str) -> str:
    """The name Segment's libraries give a snake_case key: ``user_id`` → ``userId``."""
    head, *rest = key.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _camel_names(keys: frozenset[str]) -> dict[str, str]:
    return {camel(key): key for key in keys if "_" in key}


EVENT_NAMES = _camel_names(KEYS)

# https://segment.com/docs/connections/spec/common/#context, and the user-agent hints and instance ids its
# libraries add. Any other key of a context is the producer's own and keeps its spelling.
CONTEXT_NAMES = _camel_names(
    frozenset(
        {
            "user_agent",
            "user_agent_data",
            "ua_full_version",
            "full_version_list",
            "platform_version",
            "group_id",
            "external_ids",
            "session_id",
            "instance_id",
            "advertising_id",
            "ad_tracking_enabled",
            "tracking_status",
        }
    )
)
