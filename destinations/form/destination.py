"""The form a destination fills in. One file per vendor builds one ``Destination``; nothing subclasses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from marshmallow import Schema

from destinations.form.parts import Answer, Batch, Config, Draft, Limit, Reading, Record, Verdict
from destinations.form.request import Request

if TYPE_CHECKING:
    from destinations.form.integration import Integration


def _keep(draft: Draft) -> Iterable[Record]:
    return (draft.record,)


def _none(_: Config) -> dict[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A vendor we know how to talk to.

    ``host``      config → ``https://…``, no trailing slash; an integration's ``base_url`` replaces it
    ``account``   config → what the vendor counts its limits by; integrations with the same account share them
    ``request``   records of one batch, the integration, an idempotency key (UUID) → one HTTP request
    ``finish``    the vendor's rules on one event: a draft → its records; may raise ``Drop`` or ``Reject``
    ``name_path`` where the vendor's event name goes in the record ("event.name")
    ``needs``     target paths of which at least one must have a value, else the event is filtered ``no_identity``
    ``extra_events`` config → further rows of the event table that an option switches on
    ``success``   statuses that mean delivered; another 2xx is not an answer this vendor gives (transient)
    ``verdicts``  what a status means where the common table does not fit
    ``read``      a look into the body, before the tables; None leaves it to them
    ``finds_culprits`` True where ``read`` looks at the answer's ``records``, to tell which of a batch are bad
    ``hints``     what to do about a status, shown with every failure of that status
    ``warnings``  what the sender of any event should know: shown where an event is explained or tried, not counted
    ``consent``   categories an integration should ask for, as the vendor's page recommends
    ``confirms``  False where the vendor's success proves nothing: shown as *accepted, not confirmed*
    ``dedupes``   True where resending a request whose fate is in doubt cannot make a duplicate at the vendor
    """

    name: str
    title: str
    docs: str
    config: Schema
    host: Callable[[Config], str]
    account: Callable[[Config], str]
    limits: Callable[[Config], Sequence[Limit]]
    variants: Mapping[str, Mapping[str, Any]]
    request: Callable[[Sequence[Record], Integration, str], Request]
    finish: Callable[[Draft], Iterable[Record]] = _keep
    name_path: str | None = None
    needs: Sequence[str] | Callable[[Config], Sequence[str]] = ()
    extra_events: Callable[[Config], Mapping[str, str]] = _none
    batch: Batch | Callable[[Config], Batch] = Batch()
    success: frozenset[int] = frozenset({200, 201, 202, 204})
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)
    read: Callable[[Answer], Reading | None] | None = None
    finds_culprits: bool = False
    hints: Mapping[int, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    consent: Sequence[str] = ()
    confirms: bool = True
    dedupes: bool = False
