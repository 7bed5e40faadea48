"""Who visits the shop. Names are made up; mails, phones and addresses are from ranges reserved for examples.

Phones: 555-0100 to 555-0199 in North America, +44 7700 900000 to 900999 (Ofcom), +33 6 39 98 00 00 to 99 99 (Arcep).
IP addresses: 203.0.113.0/24 (RFC 5737).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from workers.local.shop.goods import SHOP

FIRST = ("Ada", "Ben", "Chloé", "Dev", "Emre", "Fatou", "Grace", "Hugo", "Ines", "Jun", "Kofi", "Lena", "Mia", "Noor")
LAST = ("Abebe", "Baker", "Costa", "Dubois", "Evans", "Fischer", "Gupta", "Haddad", "Ito", "Jensen", "Khan", "Lopez")
BROWSERS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Android 15; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0",
)
CONSENTS: tuple[dict[str, bool] | None, ...] = (
    {"functional": True, "analytics": True, "marketing": True},
    {"functional": True, "analytics": True, "marketing": False},
    {"functional": True, "analytics": False, "marketing": False},
    None,  # the banner was not answered
)
CONSENT_WEIGHTS = (76, 12, 5, 7)


@dataclass(slots=True)
class Customer:
    """Somebody with an account: what a login makes known."""

    user_id: str
    traits: dict[str, Any]
    locale: str


@dataclass(slots=True)
class Visitor:
    """Somebody in the shop, on one device: ``about`` is what is the same in every context, ``context`` that of now."""

    anonymous_id: str
    locale: str
    about: dict[str, Any]
    customer: Customer | None = None
    context: dict[str, Any] = field(default_factory=dict)

    def look_at(self, path: str, title: str) -> dict[str, str]:
        """Go to a page; later events carry it in their context. The page itself: ``url path title``."""
        page = {"url": SHOP + path, "path": path, "title": title}
        self.context = {**self.about, "page": page}
        return page

    def event(self, kind: str, **parts: Any) -> dict[str, Any]:
        """Make one event of this visitor, where they are now."""
        who = {"anonymous_id": self.anonymous_id}
        if self.customer:
            who["user_id"] = self.customer.user_id
        return {"type": kind, **who, **parts, "context": self.context}

    def track(self, name: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Make one ``track`` event."""
        return self.event("track", event=name, properties=properties)


def arrive(rng: Random, customer: Customer | None = None) -> Visitor:
    """Let somebody come in by a new device; ``customer`` is who they will turn out to be when they log in."""
    locale = customer.locale if customer else rng.choice(("en-US", "en-GB", "fr-FR"))
    about: dict[str, Any] = {
        "ip": f"203.0.113.{rng.randrange(1, 255)}",
        "user_agent": rng.choice(BROWSERS),
        "locale": locale,
    }
    consent = rng.choices(CONSENTS, CONSENT_WEIGHTS)[0]
    if consent is not None:
        about["consent"] = consent
    return Visitor(f"{rng.getrandbits(64):016x}", locale, about)


def sign_up(rng: Random, locale: str) -> Customer:
    """Make up a new customer."""
    first, last, number = rng.choice(FIRST), rng.choice(LAST), rng.randrange(10**9)
    traits = {
        "email": f"{first}.{last}.{number}@example.com".lower().replace("é", "e"),
        "name": f"{first} {last}",
        "phone": _phone(rng, locale),
    }
    return Customer(f"user_{number}", traits, locale)


def _phone(rng: Random, locale: str) -> str:
    match locale:
        case "en-GB":
            return f"+447700900{rng.randrange(1000):03}"
        case "fr-FR":
            return f"+336399{rng.randrange(80_000, 90_000)}"
        case _:
            return f"+1{rng.choice((202, 212, 303, 415))}55501{rng.randrange(100):02}"
