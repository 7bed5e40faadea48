"""What the OpenAPI document says of ingest. The events themselves are Segment's, described in docs/producers.md."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from gateway.problems import ErrorSchema

ID = {"type": ["string", "integer", "null"]}
EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "userId": ID,
        "anonymousId": ID,
        "messageId": ID,
        "timestamp": {
            "type": ["string", "number", "null"],
            "description": "ISO 8601, or epoch seconds or milliseconds.",
        },
        "sentAt": {"type": ["string", "number", "null"]},
        "context": {"type": ["object", "null"]},
        "integrations": {"type": ["object", "null"]},
        "writeKey": {"type": "string", "description": "Where no Authorization header can be set."},
    },
}
NEEDS: dict[str, dict[str, Any]] = {
    "track": {"event": {"type": "string"}, "properties": {"type": ["object", "null"]}},
    "page": {"name": {"type": ["string", "null"]}, "properties": {"type": ["object", "null"]}},
    "screen": {"name": {"type": ["string", "null"]}, "properties": {"type": ["object", "null"]}},
    "identify": {"traits": {"type": ["object", "null"]}},
    "group": {"groupId": {"type": ["string", "integer"]}, "traits": {"type": ["object", "null"]}},
    "alias": {"previousId": {"type": ["string", "integer"]}, "userId": {"type": ["string", "integer"]}},
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "track": {"userId": "u1", "event": "Order Completed", "properties": {"revenue": 89.9, "currency": "GBP"}},
    "page": {"userId": "u1", "name": "Home", "properties": {"url": "https://shop.example.com/"}},
    "screen": {"userId": "u1", "name": "Basket"},
    "identify": {"userId": "u1", "traits": {"email": "ana@example.com"}},
    "group": {"userId": "u1", "groupId": "g1", "traits": {"name": "Acme"}},
    "alias": {"userId": "u1", "previousId": "a1"},
}
REQUIRED = {"track": ["event"], "group": ["groupId"], "alias": ["previousId", "userId"]}
BATCH = {
    "type": "object",
    "properties": {
        "batch": {"type": "array", "items": {"type": "object"}},
        "context": EVENT["properties"]["context"],
        "integrations": EVENT["properties"]["integrations"],
        "sentAt": EVENT["properties"]["sentAt"],
        "writeKey": EVENT["properties"]["writeKey"],
    },
    "required": ["batch"],
    "example": {"batch": [{"type": kind, **event} for kind, event in EXAMPLES.items()]},
}


class FaultSchema(Schema):
    """What is wrong with one event of a call."""

    index = fields.Int(required=True)
    faults = fields.List(fields.Str(), required=True)


class KeptSchema(Schema):
    """Redis has kept the events: all, or those that are not among the faults."""

    success = fields.Constant(True)
    kept = fields.Int()
    refused = fields.Int()
    faults = fields.List(fields.Nested(FaultSchema))


class RefusalSchema(ErrorSchema):
    """An error that also stands where published libraries look for it."""

    code = fields.Str(required=True)
    message = fields.Str(required=True)


ANSWERS = {
    400: "Nothing could be kept; details names each event by its index, with all its faults.",
    401: "The write key is missing or opens nothing.",
    403: "A page whose origin the pipeline does not allow.",
    413: "The body has more than 512,000 bytes, as it came or unpacked.",
    415: "A content encoding other than gzip.",
    429: "More events a second than the write key may hand in; Retry-After says when to try again.",
    503: "Redis is full or away; Retry-After says when to try again.",
}


def operation(body: dict[str, Any]) -> dict[str, Any]:
    """The part of the document about a route that takes such a body.

    Views answer with what stands here already; dumping it by a schema would be a third of a small call's cost.
    """
    kept = {"description": "Redis has the events.", "content": {"application/json": {"schema": KeptSchema}}}
    refused = {"application/json": {"schema": RefusalSchema}}
    faults = {status: {"description": meaning, "content": refused} for status, meaning in ANSWERS.items()}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {200: kept, **faults},
        "security": [{"writeKey": []}, {"bearer": []}, {}],
    }


def event_schema(kind: str) -> dict[str, Any]:
    """The body of ``/v1/<kind>``."""
    properties = {**EVENT["properties"], **NEEDS[kind]}
    return {**EVENT, "properties": properties, "required": REQUIRED.get(kind, []), "example": EXAMPLES[kind]}
