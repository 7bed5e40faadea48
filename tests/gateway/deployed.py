"""The files of ``deploy/`` that speak of metrics, held against a real scrape: PromQL that parses, names that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from gateway.metrics.families import COUNTERS, GAUGES
from tests.gateway.scrape import Scrape

ROOT = Path(__file__).parents[2]
RULES: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/signal-fleet.json").read_text())
OPERATIONS = (ROOT / "docs/operations.md").read_text()

WIDTH = 24
"""Columns of a Grafana dashboard."""


def check_rules(scrape: Scrape) -> None:
    """Rules are as Prometheus wants them, and ask for what there is."""
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]
    alerts = [rule for rule in rules if "alert" in rule]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) > 5
    for rule in rules:
        assert rule.keys() <= {"alert", "record", "expr", "for", "labels", "annotations"}, rule
        check_query(rule["expr"], scrape)
        promql.parse_duration(rule.get("for", "1m"))
    for alert in alerts:
        assert alert["labels"]["severity"] in {"critical", "warning", "info"}
        assert alert["annotations"].keys() == {"summary", "remedy"}
        labels = set(re.findall(r"\$labels\.(\w+)", " ".join(alert["annotations"].values())))
        assert labels <= set(re.findall(r"\w+", alert["expr"])) | {"integration"}, alert


def check_dashboard(scrape: Scrape) -> None:
    """The dashboard asks for what there is, and no panel covers another."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [cell for panel in panels for cell in covered(panel["gridPos"])]
    assert len(set(cells)) == len(cells)
    assert all(x < WIDTH for x, _ in cells)
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    assert len(queries) > 20
    for query in queries:
        check_query(query, scrape)
    [asked] = [one["query"]["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    assert re.fullmatch(r"label_values\((\w+), integration\)", asked)
    check_query(asked.removeprefix("label_values(").partition(",")[0], scrape)


def check_documentation(scrape: Scrape) -> None:
    """Every metric is described, and none that is not there."""
    written = {base(name) for name in re.findall(r"`(fleet_\w+)`", OPERATIONS)}
    assert written == {base(family.name) for family in scrape.families}


def base(name: str) -> str:
    """A metric's name without what its kind adds."""
    return re.sub(r"_(total|info|bucket|count|sum)$", "", name)


def check_query(query: str, scrape: Scrape) -> None:
    """A query parses, and every metric and label it names exists."""
    for selector in selectors(promql.parse(query)):
        assert selector.name in known(scrape), query
        matched = {matcher.name for matcher in selector.matchers.matchers}
        if labels := labels_of(selector.name):
            assert matched <= labels, query


def selectors(expression: Any) -> Iterator[Any]:
    """The selectors of a parsed query."""
    if isinstance(expression, promql.VectorSelector):
        yield expression
    elif isinstance(expression, promql.MatrixSelector):
        yield expression.vector_selector
    for part in ("expr", "lhs", "rhs", "args", "param"):
        below = getattr(expression, part, None)
        for one in below if isinstance(below, list) else [below]:
            if isinstance(one, promql.Expr):
                yield from selectors(one)


def known(scrape: Scrape) -> set[str]:
    """What can be asked for: samples of the scrape, what is declared there, and recorded rules."""
    recorded = {rule["record"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule}
    declared = {f"{family.name}_total" if family.type == "counter" else family.name for family in scrape.families}
    return {sample.name for sample in scrape.samples} | declared | recorded


def labels_of(metric: str) -> set[str]:
    """The labels of a metric of ours; none when it is a recorded rule or a histogram."""
    of, _ = COUNTERS.get(metric.removesuffix("_total")) or GAUGES.get(metric) or ((), "")
    return set(of)


def covered(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    """The cells of a panel."""
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y
