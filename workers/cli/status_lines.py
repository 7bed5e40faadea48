"""What ``fleet status`` says of an integration, in words: the same for the table and for plain lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from destinations.form.parts import Limit
from workers.cli.durations import spoken
from workers.cli.terminal import printable
from workers.ledger import Status
from workers.overview import Overview

NAMES_SHOWN = 5


def lines(ledger: Status, overviews: Mapping[str, Overview]) -> Iterator[str]:
    """The whole status in plain lines: the pipelines', then for each integration one, and what needs attention."""
    yield received(ledger)
    for name, row in ledger["integrations"].items():
        known = overviews.get(name)
        yield f"{name}  " + "  ".join(f"{word} {value}" for word, value in cells(name, row, known))
        yield from (f"{name}  {remark}" for _, remark in remarks(row, known))


def received(ledger: Status) -> str:
    """What came in and what became of it before any integration."""
    words = ("received", "routed", "invalid", "duplicate", "inbox_waiting")
    return "  ".join(f"{word.replace('_', ' ')} {ledger[word]:,}" for word in words)


def cells(name: str, row: Mapping[str, Any], known: Overview | None) -> Iterator[tuple[str, str]]:
    """An integration's figures with their names."""
    if known and known.label != name:
        yield "label", printable(known.label)
    yield "destination", row["destination"]
    yield "waiting", waiting(row, known)
    yield delivered_label(known), f"{row['delivered']:,}"
    yield "filtered", by_reason(row["filtered"])
    yield "dropped", by_reason(row["dropped"])
    yield "dead", dead(row, known)
    yield "aside", f"{row['aside']:,}"
    yield "limits", limits(known)
    yield "balance", f"{row['balance']:,}"


def delivered_label(known: Overview | None) -> str:
    """What a delivery may be called, given what the vendor's answer proves."""
    return "accepted, not confirmed" if known and not known.confirms else "delivered"


def waiting(row: Mapping[str, Any], known: Overview | None) -> str:
    """How many wait, how many of them are in flight, and for how long the oldest waits."""
    details = [f"{row['in_flight']:,} in flight"] if row["in_flight"] else []
    if known and known.oldest is not None:
        details.append(f"oldest {spoken(known.oldest)}")
    return f"{row['waiting']:,}" + (f" ({', '.join(details)})" if details else "")


def by_reason(counts: Mapping[str, int]) -> str:
    """Counts by reason: ``consent 12, unmapped 3``; ``0`` for none."""
    return ", ".join(f"{reason} {number:,}" for reason, number in counts.items() if number) or "0"


def dead(row: Mapping[str, Any], known: Overview | None) -> str:
    """How many dead letters there are, and of which kinds the deaths were."""
    kinds = by_reason(known.dead) if known and row["dead"] else "0"
    return f"{row['dead']:,}" + (f" ({kinds})" if kinds != "0" else "")


def limits(known: Overview | None) -> str:
    """The limits in force: ``350/s, 3,500/min``."""
    if known is None:
        return "unknown"
    told = [_limit(limit) for limit in known.limits]
    return ", ".join(told) or ("lifted" if known.lifted else "none")


def _limit(limit: Limit) -> str:
    window = {1.0: "s", 60.0: "min"}.get(float(limit.seconds), f"{limit.seconds:g} s")
    return f"{limit.requests:,}/{window}"


def remarks(row: Mapping[str, Any], known: Overview | None) -> Iterator[tuple[str, str]]:
    """What needs attention: a colour and a sentence each."""
    if known and known.fault:
        yield "red", f"cannot be used: {known.fault}"
    if row["held"]:
        yield "yellow", f"held, {row['held']['reason']}, {until(row['held']['until'])}{circumstances(known)}"
    if known and known.bound and row["waiting"] + row["aside"] >= known.bound:
        held_up = f"routing of {', '.join(known.blocks)} waits for it" if known.blocks else "further ones are dropped"
        yield "yellow", f"full, as many wait as may (max_waiting {known.bound:,}); {held_up}"
    if row["balance"]:
        yield "red", f"the books do not balance: {row['balance']:+,}"
    if known:
        yield from (("yellow", f"warning, {number:,} events: {text}") for text, number in known.warned.items())
        if known.unmapped:
            yield "cyan", f"not mapped: {', '.join(unmapped(known))}"


def circumstances(known: Overview | None) -> str:
    """Since when an integration is held, what the vendor answered last, and what to do."""
    if known is None:
        return ""
    told = (("; since ", known.since), ("; last answer ", known.answer), ("; ", known.hint))
    return "".join(f"{word}{what}" for word, what in told if what)


def until(moment: str | None) -> str:
    """Until when a hold lasts; one whose time has come is being probed."""
    if moment is None:
        return "until released"
    over = datetime.fromisoformat(moment) <= datetime.now(UTC)
    return f"since tried again at {moment}" if over else f"until {moment}"


def unmapped(known: Overview) -> Iterator[str]:
    """The most frequent event names that are not mapped, how many events had each, and what was probably meant."""
    names = list(known.unmapped.items())
    for name, number in names[:NAMES_SHOWN]:
        nearest = f" (nearest: {known.nearest[name]!r})" if name in known.nearest else ""
        yield f"{name!r} {number:,}{nearest}"
    if rest := names[NAMES_SHOWN:]:
        yield f"{len(rest)} more {sum(number for _, number in rest):,}"
