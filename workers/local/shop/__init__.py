"""A shop's traffic: made up, the same for the same seed, and quick to make."""

from workers.local.shop.traffic import shop_events

__all__ = ["shop_events"]
