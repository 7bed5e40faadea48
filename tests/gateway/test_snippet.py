"""datafly.js in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import THREADS
from tests.engine.waiting import wait_until
from tests.gateway.browsing import Pages, browser, serving
from tests.gateway.door import Door
from tests.gateway.shop import Shop
from workers import keys

pytestmark = pytest.mark.engine

Open = Callable[[str], None]


@pytest.fixture
def pages(shop: Shop) -> Iterator[Pages]:
    with serving() as started:
        shop.describe(origins=[started.origin])
        yield started


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Open]:
    """Open a page in a fresh browser."""
    started: list[Any] = []

    def show(url: str) -> None:
        started.append(browser(tmp_path, url).start())

    yield show
    for one in started:
        one.kill()


def tag(shop: Shop, how: str = "") -> str:
    """What a page loads the snippet with."""
    return f'<script {how} src="{shop.door.url}/datafly.js" data-write-key="{shop.key}"></script>'


def kept(shop: Shop, wanted: int, pages: Pages) -> list[dict[str, Any]]:
    """The events in the inbox, in their own order, once there are so many."""
    found: list[dict[str, Any]] = []

    def enough() -> bool:
        found.extend(shop.kept())
        return len(found) >= wanted

    wait_until(enough, 20, lambda: (found, pages.reports))
    assert len(found) == wanted
    return sorted(found, key=lambda event: str(event["timestamp"]))


def test_it_is_small_and_cached(door: Door) -> None:
    answer = door.get("/datafly.js", headers={"Accept-Encoding": "gzip"}, stream=True)
    assert len(answer.raw.read(decode_content=False)) < 3_000
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "max-age" in answer.headers["Cache-Control"]
    assert door.get("/datafly.js", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert door.get("/datafly.js", headers={"Accept-Encoding": "identity"}).text.startswith("/* datafly.js")


def test_a_person_is_known_from_page_to_page_until_reset(shop: Shop, pages: Pages, show: Open) -> None:
    pages.add("/second", "datafly.page('Basket'); datafly.reset(); datafly.track('Left', {n: 2});", tag(shop))
    first = """
      datafly.consent({marketing: false});
      datafly.page({section: 'start'});
      datafly.identify('ada', {plan: 'gold'});
      datafly.track('Seen', {n: 1}, {context: {app: {name: 'shop'}}, integrations: {All: false}});
      datafly.alias('ada-2');
      setTimeout(() => location.href = '/second', 700);
    """
    show(pages.add("/first", first, tag(shop)))
    events = kept(shop, 6, pages)
    page, identify, seen, alias, basket, left = events
    assert [event["type"] for event in events] == ["page", "identify", "track", "alias", "page", "track"]
    assert len({event["anonymous_id"] for event in events[:5]}) == 1
    assert [event.get("user_id") for event in events] == [None, "ada", "ada", "ada-2", "ada", None]
    assert (alias["previous_id"], identify["traits"]) == ("ada", {"plan": "gold"})
    assert page["properties"] | {"section": "start", "path": "/first", "title": "/first"} == page["properties"]
    assert (basket["name"], basket["properties"]["referrer"]) == ("Basket", f"{pages.origin}/first")
    assert [event["context"].get("consent") for event in events] == [{"marketing": False}] * 5 + [None]
    assert (seen["properties"], seen["integrations"], seen["context"]["app"]) == (
        {"n": 1}, {"All": False}, {"name": "shop"}
    )  # fmt: skip
    assert seen["context"]["ip"] == "127.0.0.1"
    assert "Chrome" in seen["context"]["user_agent"]
    assert left["anonymous_id"] != page["anonymous_id"]


def test_what_is_asked_before_it_has_loaded_and_as_the_page_is_left_arrives(
    shop: Shop, pages: Pages, show: Open
) -> None:
    pages.add("/gone", "report({gone: true})")
    early = "<script>window.datafly = window.datafly || []; datafly.push(['group']); datafly.push(['track', 'Early']);"
    script = """
      const leave = () => { datafly.push(['track', 'Leaving']); location.href = '/gone'; };
      addEventListener('load', () => setTimeout(leave, 500));
    """
    show(pages.add("/first", script, f"{early}</script>{tag(shop, 'async')}"))
    assert [event["event"] for event in kept(shop, 2, pages)] == ["Early", "Leaving"]
    wait_until(lambda: pages.told("gone"), 10)
    assert pages.told("status") == [200], "what was left with the page went by a beacon"


def test_what_was_not_kept_is_sent_again_also_from_the_next_page(shop: Shop, pages: Pages, show: Open) -> None:
    pages.add("/second", "report({second: true})", tag(shop))
    shop.fleet.redis.hset(keys.FLEET, "memory", 95)
    first = "datafly.track('First'); setTimeout(() => { datafly.track('Second'); location.href = '/second'; }, 700);"
    show(pages.add("/first", first, tag(shop)))
    wait_until(lambda: pages.told("second") and pages.told("status")[-1:] == [503], 20, lambda: pages.reports)
    shop.fleet.redis.hset(keys.FLEET, "memory", 5)
    assert [event["event"] for event in kept(shop, 2, pages)] == ["First", "Second"]


def test_what_is_refused_for_good_is_not_sent_again(shop: Shop, pages: Pages, show: Open) -> None:
    script = """
      datafly.track('x'.repeat(300));
      setTimeout(() => datafly.track('Good'), 1000);
      setTimeout(() => report({waiting: localStorage['datafly.queue']}), 2500);
    """
    show(pages.add("/first", script, tag(shop)))
    assert [event["event"] for event in kept(shop, 1, pages)] == ["Good"]
    wait_until(lambda: pages.told("waiting") == ["[]"], 10, lambda: pages.reports)
    assert pages.told("status") == [400, 200]


def test_a_key_that_is_refused_is_tried_once_a_page_and_nothing_is_lost(shop: Shop, pages: Pages, show: Open) -> None:
    pages.add("/second", "report({second: true})", tag(shop))
    first = """
      datafly.track('First');
      setTimeout(() => datafly.track('Second'), 700);
      setTimeout(() => location.href = '/second', 2500);
    """
    show(pages.add("/first", first, tag(shop).replace(shop.key, "wk_revoked")))
    assert [event["event"] for event in kept(shop, 2, pages)] == ["First", "Second"]
    wait_until(lambda: len(pages.told("status")) == 2, 10, lambda: pages.reports)
    assert pages.told("status") == [401, 200]


@THREADS
@pytest.mark.usefixtures("worker")
def test_it_delivers_to_the_vendor(shop: Shop, pages: Pages, show: Open) -> None:
    script = "datafly.identify('ada'); datafly.track('Order Completed', {ref: 'r1', revenue: 9.5});"
    show(pages.add("/first", script, tag(shop)))
    wait_until(lambda: shop.fleet.vendors.refs("statsig") == ["r1"], 20, shop.fleet.status)
    assert shop.fleet.wait_done()
