"""Why events were left out, with how many: ``59 unmapped, 11 duplicate``, never broken between number and reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.text import Text


class Reasons:
    """The reasons of one integration, the most frequent first, in as many lines as its column is narrow."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        common = sorted(counts.items(), key=lambda item: -item[1])
        self._items = [f"{count:,} {reason}" for reason, count in common] or ["-"]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(max(map(len, self._items)) + 1, len(", ".join(self._items)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        for line in self.lines(options.max_width):
            yield Text(line)

    def lines(self, width: int) -> Iterator[str]:
        """Fill lines of at most ``width``, as long as every reason fits one."""
        line = self._items[0]
        for item in self._items[1:]:
            if len(line) + len(item) + 3 > width:
                yield f"{line},"
                line = item
            else:
                line = f"{line}, {item}"
        yield line
