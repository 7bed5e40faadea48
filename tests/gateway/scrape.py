"""A scrape of ``/metrics``, read as Prometheus reads it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.gateway.door import Door


class Scrape:
    """What one scrape said."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def values(self, name: str, **labels: str) -> list[float]:
        """The values of all samples of a metric with these labels, in the order of the scrape."""
        return [one.value for one in self.samples if one.name == name and labels.items() <= one.labels.items()]

    def value(self, name: str, **labels: str) -> float:
        """The one value of a metric."""
        found = self.values(name, **labels)
        assert len(found) == 1, (name, labels, found)
        return found[0]


def scrape(door: Door) -> Scrape:
    """Ask ``/metrics``."""
    answer = door.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return Scrape(answer.text)
