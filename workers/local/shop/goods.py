"""What the shop sells, and the words it is looked for by."""

from __future__ import annotations

from typing import Any

SHOP = "https://shop.example.com"

_SOLD = {
    "Coffee": [("Ethiopia Guji 250 g", 13.5), ("Colombia Huila 250 g", 12.0), ("Decaf Blend 500 g", 19.9)],
    "Tea": [("Darjeeling First Flush", 17.25), ("Sencha 100 g", 11.4), ("Rooibos Vanilla", 7.8)],
    "Brewing": [("Pour-over Kettle", 64.0), ("Paper Filters × 100", 5.5), ("Ceramic Dripper", 24.9)],
    "Grinders": [("Hand Grinder", 89.0), ("Burr Grinder Pro", 249.0), ("Spare Burr Set", 39.5)],
    "Cups": [("Stoneware Mug", 18.0), ("Espresso Cup, Set of 2", 27.5), ("Travel Tumbler", 32.0)],
    "Gifts": [("Tasting Box", 45.0), ("Gift Card 25", 25.0), ("Brewing Course", 120.0)],
}


def _product(number: int, category: str, name: str, price: float) -> dict[str, Any]:
    return {
        "product_id": f"P-{number:04}",
        "sku": f"{category[:3].upper()}-{number:04}",
        "name": name,
        "category": category,
        "price": price,
    }


PRODUCTS: tuple[dict[str, Any], ...] = tuple(
    _product(number, category, name, price)
    for number, (category, name, price) in enumerate(
        ((category, name, price) for category, sold in _SOLD.items() for name, price in sold), start=1
    )
)
CATEGORIES = tuple(_SOLD)
SEARCHES = ("guji", "decaf", "kettle", "mug", "gift", "grinder for espresso", "filters", "green tea", "tumbler blue")
COUPONS = ("WELCOME10", "SUMMER10", "FREESHIP")
CURRENCIES = {"en-US": "USD", "en-GB": "GBP", "fr-FR": "EUR"}
