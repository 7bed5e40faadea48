"""When a vendor's rate limit begins anew, from a header whose unit the vendor does not state."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from destinations.form.numbers import number
from destinations.form.parts import Answer

_MILLIS, _SECONDS = 10**11, 10**9
_LONGEST = 900


def seconds_to_reset(answer: Answer, header: str) -> float | None:
    """Seconds until the moment in ``header``; None where it is missing or unreadable.

    A date, epoch seconds and epoch milliseconds are absolute, measured by the answer's own Date. A smaller number is
    a wait: in seconds up to a quarter of an hour, in milliseconds beyond. A moment already past is one second away.
    """
    text = answer.headers.get(header, "").strip()
    given = number(text)
    if given is None:
        moment = _moment(text)
        return None if moment is None else max(1.0, moment - _now(answer))
    if given >= _SECONDS:
        return max(1.0, (given / 1000 if given >= _MILLIS else float(given)) - _now(answer))
    return max(1.0, float(given) if given <= _LONGEST else given / 1000)


def _now(answer: Answer) -> float:
    stated = stated_at(answer)
    return time.time() if stated is None else stated


def stated_at(answer: Answer) -> float | None:
    """When an answer was given, by its own Date (epoch seconds): what its other dates are measured by.

    The clock of this host may be off by hours.
    """
    return _moment(answer.headers.get("date", ""))


def _moment(text: str) -> float | None:
    """An ISO 8601 or HTTP date in epoch seconds; one without a zone is UTC."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None
