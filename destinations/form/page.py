"""One destination's page of documentation, made from its declaration alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from destinations.form.answers import verdict_of
from destinations.form.destination import Destination
from destinations.form.mapping import merge
from destinations.form.markdown import code, section, table
from destinations.form.parts import Batch, Config, Verdict
from destinations.form.samples import alternatives, choices, defaults

_VERDICTS = {
    Verdict.DELIVERED: "delivered",
    Verdict.THROTTLED: "the integration waits, as long as the vendor says",
    Verdict.TRANSIENT: "tried again, later and later",
    Verdict.SETUP: "the integration is held until its configuration is right",
    Verdict.INVALID: "a dead letter; of a batch, the bad event alone",
    Verdict.BUG: "a dead letter",
}
_STATUSES = (400, 401, 403, 404, 413, 429, 500)


def page(destination: Destination) -> str:
    """The whole page, in Markdown."""
    config = defaults(destination)
    variants = {name: merge(data) for name, data in destination.variants.items()}
    sections = [
        f"# {destination.title}",
        "<!-- Written by `make docs` from the destination's declaration; edit that. -->",
        f"Sent to `{destination.host(config)}`. The vendor's documentation: <{destination.docs}>",
        _configuration(destination, config),
        _events(destination, variants),
        *[_fields(name, data, len(variants) > 1) for name, data in variants.items()],
        _before_sending(destination, config),
        _limits(destination, config),
        _answers(destination),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _configuration(destination: Destination, config: Config) -> str:
    required = [key for key, field in destination.config.fields.items() if field.required]
    lines = [f"{destination.name}:", f"  destination: {destination.name}", "  config:"]
    lines += [f"    {key}: {_example(destination, key)}" for key in required]
    lines += [f"  consent: [{', '.join(destination.consent)}]"] if destination.consent else []
    rows = [_field_row(key, field, config[key]) for key, field in destination.config.fields.items()]
    example = "\n".join(["```yaml", "integrations:", *[f"  {line}" for line in lines], "```"])
    return section("Configuration", table(("Key", "Label", "Default", "What it is"), rows), example)


def _example(destination: Destination, key: str) -> str:
    secret = destination.config.fields[key].metadata.get("secret")
    return f'"${{{destination.name.upper()}_{key.upper()}}}"' if secret else "…"


def _field_row(key: str, field: Any, default: Any) -> tuple[str, str, str, str]:
    about = [field.metadata.get("help", "")]
    about += [f"One of {', '.join(code(choice) for choice in choices(field))}."] if len(choices(field)) > 2 else []
    about += ["Secret."] if field.metadata.get("secret") else []
    usual = "required" if field.required else "none" if default is None else code(json.dumps(default))
    return code(key), field.metadata.get("label", key), usual, " ".join(filter(None, about))


def _events(destination: Destination, variants: Mapping[str, Mapping[str, Any]]) -> str:
    blocks = [_event_table(name, data) for name, data in variants.items()]
    extra = [
        (code(event), code(name), f"with `{key}: {json.dumps(value)}`")
        for key, value, config in alternatives(destination)
        for event, name in destination.extra_events(config).items()
    ]
    forwards = any(data["unmapped"] == "forward" for data in variants.values())
    fate = "Other events are sent under their own names." if forwards else "Other events are dropped, and counted."
    return section("Events", *blocks, table(("Event", "Sent as", "Only"), extra), f"{fate} Names match exactly.")


def _event_table(variant: str, data: Mapping[str, Any]) -> str:
    rows = [(code(event), code(row["name"]), _own_fields(row["fields"])) for event, row in data["events"].items()]
    own = any(row[2] for row in rows)
    head = ("Event", "Sent as", "With") if own else ("Event", "Sent as")
    return f"Variant `{variant}`:\n\n" + table(head, [row[: len(head)] for row in rows])


def _own_fields(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{code(target)} from {code(text)}" for target, text in fields.items())


def _fields(variant: str, data: Mapping[str, Any], several: bool) -> str:
    rows = [(code(target), code(text)) for target, text in data["fields"].items()]
    title = f"Fields of variant `{variant}`" if several else "Fields"
    return section(title, table(("Field", "Expression"), rows), _rest(data["rest"]))


def _rest(rest: Mapping[str, Any] | None) -> str:
    if rest is None:
        return "Nothing else is sent."
    into = f" into {code(rest['into'])}" if rest["into"] else ""
    style = "their own names" if rest["style"] == "as_is" else f"names in {rest['style']} style"
    named = "that no field has taken" if rest["named"] == "omit" else "whether or not a field has taken them"
    but = f", except {', '.join(map(code, rest['except']))}" if rest["except"] else ""
    return f"Everything of {code(rest['from'])} {named} goes{into} under {style}{but}."


def _before_sending(destination: Destination, config: Config) -> str:
    needs = destination.needs(config) if callable(destination.needs) else destination.needs
    one_of = "at least one of " if len(needs) > 1 else ""
    identity = f"An event needs {one_of}{', '.join(map(code, needs))}; without, it is filtered: `no_identity`."
    consent = f"Recommended: `consent: [{', '.join(destination.consent)}]`, as the vendor's page advises."
    warnings = [f"- {warning}" for warning in destination.warnings]
    return section(
        "Before sending",
        identity if needs else "",
        consent if destination.consent else "",
        "\n".join(["Shown as a warning with every event:", "", *warnings]) if warnings else "",
    )


def _limits(destination: Destination, config: Config) -> str:
    rows = [("", *row) for row in _limit_rows(destination, config)]
    usual = _limit_rows(destination, config)
    for key, value, other in alternatives(destination):
        changed = _limit_rows(destination, other)
        rows += [(f"`{key}: {json.dumps(value)}`", *row) for row in changed if changed != usual]
    return section("Limits", table(("With", "At most", "Says who", "Events a request"), rows))


def _limit_rows(destination: Destination, config: Config) -> list[tuple[str, str, str]]:
    batch = destination.batch if isinstance(destination.batch, Batch) else destination.batch(config)
    size = f"{batch.events:,}" + (f", {batch.bytes:,} bytes" if batch.bytes else "")
    limits = destination.limits(config)
    return [(f"{limit.requests:,} requests in {limit.seconds:g} s", limit.source, size) for limit in limits]


def _answers(destination: Destination) -> str:
    statuses = sorted({*_STATUSES, *destination.success, *destination.verdicts, *destination.hints})
    rows = [
        (str(status), _VERDICTS[verdict_of(destination, status)], destination.hints.get(status, ""))
        for status in statuses
    ]
    proof = (
        "" if destination.confirms else "Its success proves nothing: *accepted, not confirmed* is all that is claimed."
    )
    again = "does not make" if destination.dedupes else "may make"
    doubt = f"A request sent again because its fate was unknown {again} a duplicate there."
    return section("What its answers mean", table(("Status", "Then", "What to do"), rows), proof, doubt)
