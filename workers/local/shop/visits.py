"""A visit to the shop, from the first page to the order: its events, without id and time."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from workers.local.shop.goods import CATEGORIES, COUPONS, CURRENCIES, PRODUCTS, SEARCHES
from workers.local.shop.people import Customer, Visitor, sign_up

Event = dict[str, Any]


def visit(rng: Random, visitor: Visitor, known: Customer | None) -> Iterator[Event]:
    """Walk through the shop. ``known`` may log in; a stranger may sign up, or buy as a guest."""
    cart: list[dict[str, Any]] = []
    yield _page(visitor, "/", "Coffee and Tea")
    if known and rng.random() < 0.7:
        yield from _identified(visitor, known, "Logged In")
    for _ in range(rng.randrange(1, 5)):
        yield from _browse(rng, visitor, cart)
    if cart and rng.random() < 0.65:
        if not visitor.customer and rng.random() < 0.6:
            yield from _identified(visitor, sign_up(rng, visitor.locale), "Signed Up")
        yield from _check_out(rng, visitor, cart)


def _page(visitor: Visitor, path: str, title: str) -> Event:
    return visitor.event("page", name=title, properties=visitor.look_at(path, title))


def _identified(visitor: Visitor, customer: Customer, how: str) -> Iterator[Event]:
    visitor.customer = customer
    yield visitor.event("identify", traits=customer.traits)
    yield visitor.track(how, {"method": "email"})


def _browse(rng: Random, visitor: Visitor, cart: list[dict[str, Any]]) -> Iterator[Event]:
    product = rng.choice(PRODUCTS)
    if rng.random() < 0.35:
        yield visitor.track("Products Searched", {"query": rng.choice(SEARCHES), "results": rng.randrange(30)})
    else:
        category = rng.choice(CATEGORIES)
        yield _page(visitor, f"/{category.lower()}", category)
    yield _page(visitor, f"/products/{product['product_id']}", product["name"])
    yield visitor.track("Product Viewed", _priced(visitor, product, 1))
    if rng.random() < 0.45:
        quantity = rng.randrange(1, 4)
        cart.append({**product, "quantity": quantity})
        yield visitor.track("Product Added", _priced(visitor, product, quantity))
    elif rng.random() < 0.2:
        yield _custom(rng, visitor, product)


def _priced(visitor: Visitor, product: dict[str, Any], quantity: int) -> dict[str, Any]:
    value = round(product["price"] * quantity, 2)
    return {**product, "quantity": quantity, "value": value, "currency": CURRENCIES[visitor.locale]}


def _custom(rng: Random, visitor: Visitor, product: dict[str, Any]) -> Event:
    """Make an event of the shop's own, which no destination maps unless told to."""
    name = rng.choice(("Wishlist Item Added", "Review Read", "Newsletter Subscribed", "product_viewed"))
    return visitor.track(name, {"product_id": product["product_id"], "source": "product page"})


def _check_out(rng: Random, visitor: Visitor, cart: list[dict[str, Any]]) -> Iterator[Event]:
    value = round(sum(line["price"] * line["quantity"] for line in cart), 2)
    yield _page(visitor, "/checkout", "Checkout")
    currency = CURRENCIES[visitor.locale]
    yield visitor.track("Checkout Started", {"value": value, "currency": currency, "products": cart})
    if rng.random() < 0.75:
        order = _order(rng, visitor, cart, value)
        yield visitor.track("Order Completed", order)
        if rng.random() < 0.08:
            yield _refund(visitor, order)


def _order(rng: Random, visitor: Visitor, cart: list[dict[str, Any]], value: float) -> dict[str, Any]:
    tax, shipping = round(value * 0.08, 2), rng.choice((0, 4.99, 9.5))
    order = {
        "order_id": f"ORD-{rng.randrange(10**8):08}",
        "revenue": round(value + tax + shipping, 2),
        "tax": tax,
        "shipping": shipping,
        "currency": CURRENCIES[visitor.locale],
        "products": cart,
    }
    return {**order, "coupon": rng.choice(COUPONS)} if rng.random() < 0.3 else order


def _refund(visitor: Visitor, order: dict[str, Any]) -> Event:
    """Refund an order, as the shop's back office does: it knows of no page and no consent."""
    event = visitor.track("Order Refunded", {key: order[key] for key in ("order_id", "revenue", "currency")})
    return {**event, "context": {"library": {"name": "back-office", "version": "4.2"}}}
