"""Ingest: Segment's HTTP API, so that every library made for it can hand in events."""

from gateway.ingest import snippet
from gateway.ingest.routes import blueprint

__all__ = ["blueprint", "snippet"]
