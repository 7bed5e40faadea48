"""Every key name of the fleet in Redis, and nothing else. The prefix carries the format's version.

A *queue* is an integration's name or ``route``. A *member* names one lane of a queue in its agenda: the lane number of
an integration (``"3"``), and for ``route`` the pipeline with the lane number or ``raw`` (``"store/3"``,
``"store/raw"``).
"""

from __future__ import annotations

FORMAT = 1
PREFIX = f"fleet:{FORMAT}"
ROUTE = "route"
REPLAYS = "replays"
"""The queue of replays that were asked for. Its tickets travel on the route queue, which some worker always serves."""

RAW = "raw"
ASIDE = "a"
"""Ends the member of a side lane: lane 3's is ``3a``."""

REPLAY = "r"
"""Ends the member of the side lane for replays."""

KINDS = ("", ASIDE, REPLAY)
"""Endings of the members that a lane number has in an integration's agenda."""

FLEET = f"{PREFIX}:fleet"
PIPELINES = f"{PREFIX}:pipelines"
INTEGRATIONS = f"{PREFIX}:integrations"
REVISION = f"{PREFIX}:revision"
BEAT = f"{PREFIX}:beat"
SWEPT = f"{PREFIX}:swept"
FATES = f"{PREFIX}:fates"
FATES_COUNT = f"{PREFIX}:fates:count"
TOMBSTONES = f"{PREFIX}:tombstones"
FORGETTINGS = f"{PREFIX}:forgettings"
AUDIT_TURN = f"{PREFIX}:audit:turn"
AUDITED = f"{PREFIX}:audit:faults"
WRITE_KEYS = f"{PREFIX}:write-keys"
ALARM_TURN = f"{PREFIX}:alarm:turn"
CHANGES = f"{PREFIX}:changes"
REPLAY_LIST = f"{PREFIX}:replays"


def agenda(queue: str) -> str:
    """Sorted set: lanes of a queue by when to look at them (ms)."""
    return f"{PREFIX}:agenda:{queue}"


def ticketed(queue: str) -> str:
    """Expiring mark: a ticket for this queue is on its way, or somebody looks without one."""
    return f"{PREFIX}:ticketed:{queue}"


def bell(queue: str) -> str:
    """List, expiring: rings for the worker that listens for a lane of this queue to become due."""
    return f"{ticketed(queue)}:bell"


def leases(queue: str) -> str:
    """Hash: owner token → lane."""
    return f"{PREFIX}:leases:{queue}"


def nudges(queue: str) -> str:
    """Counter: bumped when parked lanes are called back."""
    return f"{PREFIX}:nudges:{queue}"


def stumbles(queue: str) -> str:
    """Hash: lane → how often in a row work on it ended in an unforeseen exception, and the last one (JSON)."""
    return f"{PREFIX}:stumbles:{queue}"


def unable(integration: str) -> str:
    """Hash, expiring: worker → why it cannot use the integration, and when it said so (JSON)."""
    return f"{PREFIX}:unable:{integration}"


def state(queue: str, member: str = "") -> str:
    """Hash: all state of a lane: owner, until, in_flight, tries and since of failing events. No member: the prefix."""
    return f"{PREFIX}:state:{queue}:{member}"


def inbox(pipeline: str, lane: int | str = "") -> str:
    """Stream: an inbox lane. Without lane: the prefix of them all."""
    return f"{PREFIX}:inbox:{pipeline}:{lane}"


def raw(pipeline: str) -> str:
    """Stream: where producers without our library add events."""
    return f"{PREFIX}:raw:{pipeline}"


def waiting(integration: str, lane: int | str = "") -> str:
    """Stream: a lane. Without lane: the prefix of them all."""
    return f"{PREFIX}:lane:{integration}:{lane}"


def due(integration: str, member: str = "") -> str:
    """Sorted set: groups of a side lane by when they are due (ms). Without member: the prefix."""
    return f"{PREFIX}:due:{integration}:{member}"


def groups(integration: str, member: str = "") -> str:
    """Hash: groups of a side lane, JSON. Without member: the prefix."""
    return f"{PREFIX}:groups:{integration}:{member}"


def events(integration: str, member: str = "") -> str:
    """Hash: events of a side lane, JSON. Without member: the prefix."""
    return f"{PREFIX}:events:{integration}:{member}"


def barrier(integration: str, member: str = "") -> str:
    """Hash: person → the groups of a side lane that hold events of theirs, in order. Without member: the prefix."""
    return f"{PREFIX}:barrier:{integration}:{member}"


def last(integration: str, member: str) -> str:
    """Hash: group of a side lane → its last exchange with the vendor, masked (JSON)."""
    return f"{PREFIX}:last:{integration}:{member}"


def replay(identifier: str = "") -> str:
    """Hash: a replay that was asked for, and how far it has come. Without its id: the prefix."""
    return f"{PREFIX}:replay:{identifier}"


def turn(integration: str) -> str:
    """When the next replay has its turn (ms)."""
    return f"{PREFIX}:turn:{integration}"


def history(integration: str) -> str:
    """Hash: revision of an integration → what it said, without its secrets (JSON)."""
    return f"{PREFIX}:history:{integration}"


def ledger(integration: str) -> str:
    """Hash: an integration's counters."""
    return f"{PREFIX}:ledger:{integration}"


def pipeline_ledger(pipeline: str) -> str:
    """Hash: a pipeline's counters."""
    return f"{PREFIX}:ledger/pipeline:{pipeline}"


def unmapped(integration: str) -> str:
    """Hash: names of events the integration's blueprint does not map → how many came."""
    return f"{PREFIX}:unmapped:{integration}"


def warned(integration: str) -> str:
    """Hash: pre-flight warnings and repairs → how many events had them."""
    return f"{PREFIX}:warned:{integration}"


def dead(integration: str) -> str:
    """Stream: an integration's dead letters."""
    return f"{PREFIX}:dead:{integration}"


def inbox_dead(pipeline: str) -> str:
    """Stream: dead letters of a pipeline's inbox."""
    return f"{PREFIX}:dead/inbox:{pipeline}"


def hold(integration: str) -> str:
    """Hash: an integration-wide pause."""
    return f"{PREFIX}:hold:{integration}"


def alarmed(integration: str) -> str:
    """Expiring mark: people were told that the integration is held."""
    return f"{PREFIX}:alarmed:{integration}"


def held(integration: str) -> str:
    """How long the integration was held in all (ms): holds do not count as age."""
    return f"{PREFIX}:held:{integration}"


def health(integration: str) -> str:
    """Hash: requests failed in a row, of which persons; refusals in a row."""
    return f"{PREFIX}:health:{integration}"


def pace(account: str) -> str:
    """Hash: how much slower than its limits an account goes since it was throttled."""
    return f"{PREFIX}:pace:{account}"


def cleared(integration: str) -> str:
    """When a hold was last released or the integration changed (ms)."""
    return f"{PREFIX}:cleared:{integration}"


def samples(integration: str) -> str:
    """Stream: recent deliveries, masked."""
    return f"{PREFIX}:samples:{integration}"


def timing(queue: str) -> str:
    """Hash: how long requests took and what events waited for, summed up (see ``workers.timing``)."""
    return f"{PREFIX}:timing:{queue}"


def limit(account: str, seconds: float) -> str:
    """Theoretical arrival time (µs) of a limit's next request."""
    return f"{PREFIX}:limit:{account}:{seconds:g}"


def seen(pipeline: str, bucket: int) -> str:
    """Set: digests of the message ids routed in one stretch of time."""
    return f"{PREFIX}:seen:{pipeline}:{bucket}"


def tries(address: str) -> str:
    """Number: wrong tokens of the admin API that an address has tried lately."""
    return f"{PREFIX}:tries:{address}"


def person(kind: str, identifier: str) -> str:
    """Hash: what is known of a person, under a user id (kind ``u``) or an anonymous id (kind ``a``)."""
    return f"{PREFIX}:person:{kind}:{identifier}"
