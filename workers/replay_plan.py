"""A replay's plan: the letters found, shared out by where they lie, and what is left where it is, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from workers.forecast import Forecast, Tally
from workers.letters import Found, is_inbox, pipeline_of
from workers.registry import REMOVED, Registry
from workers.replay import Picker, Terms, replay
from workers.replay_inbox import InboxShare, replay_inbox


@dataclass(slots=True)
class Part:
    """A place's part of a plan. ``left``: letters that stay, by why. ``forecast`` only where one was asked for."""

    tally: Tally = field(default_factory=Tally)
    left: Counter[str] = field(default_factory=Counter)
    picker: Picker | None = None
    inbox: InboxShare | None = None
    forecast: Forecast | None = None


class Plan:
    """What to replay. With ``judge``, each letter is judged as delivery would now."""

    def __init__(self, fleet: Registry, terms: Terms, *, judge: bool = False) -> None:
        self.parts: dict[str, Part] = {}
        self._fleet, self._terms, self._judge = fleet, terms, judge

    def gather(self, found: Iterable[Found], limit: int | None = None) -> None:
        """Take in letters, until as many as ``limit`` are to be replayed."""
        taken = 0
        for one in found:
            taken += self._take(one)
            if taken == limit:
                break
        for part in self.parts.values():
            if part.forecast:
                part.forecast.judge()

    @property
    def total(self) -> int:
        """How many letters are to be replayed."""
        return sum(part.tally.letters for part in self.parts.values())

    def carry_out(self) -> Iterator[tuple[str, int]]:
        """Replay: place, and how many letters moved, batch after batch."""
        for place, part in self.parts.items():
            if part.picker:
                yield from ((place, moved) for moved in replay(part.picker.share, self._fleet, self._terms))
            if part.inbox:
                yield from ((place, moved) for moved in replay_inbox(part.inbox, self._fleet, self._terms.asked))

    def _take(self, found: Found) -> bool:
        if found.place not in self.parts:
            self.parts[found.place] = self._part(found.place)
        part = self.parts[found.place]
        if part.inbox:
            picked = part.inbox.pick(found)
        elif part.picker:
            choice = part.picker.pick(found)
            picked = choice is not None
            if part.forecast and choice:
                part.forecast.note(found, choice)
        else:
            picked = False
            part.left[self._unusable(found.place)] += 1
        if picked:
            part.tally.count(found)
        return picked

    def _part(self, place: str) -> Part:
        if is_inbox(place):
            share = InboxShare(pipeline_of(place))
            return Part(inbox=share, left=share.left)
        integration = self._fleet.get(place)
        if integration is None or REMOVED in self._fleet.document(place):
            return Part()
        picker = Picker(integration, self._fleet, self._terms)
        forecast = Forecast(picker.share, self._terms) if self._judge else None
        return Part(left=picker.share.left, picker=picker, forecast=forecast)

    def _unusable(self, name: str) -> str:
        if REMOVED in self._fleet.document(name):
            return f"{name} is removed; apply it again first"
        return f"{name} cannot be used: {self._fleet.faults.get(name, 'it is gone')}"
