"""Edits: one thing of the fleet's configuration changed, checked and stored as a file's whole would be.

Each makes a change out of what is installed, for ``apply.carried_out``. Faults are named as in a file:
``integrations.klaviyo.config.private_api_key: …``. ``${NAME}`` means nothing here: whoever may edit the fleet may not
therefore read the environment of the process that does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from destinations.form.integration import Integration, InvalidSpec, install
from workers.apply import Change, remove_integration, remove_pipeline, work_out
from workers.configuration import check_values
from workers.documents import opened, secrets_in
from workers.registry import REMOVED, Document, Installed
from workers.revisions import is_masked, kept

Spec = Mapping[str, Any]


class Conflict(Exception):
    """What is installed stands against it; the message says what to do."""


class Unknown(Exception):
    """There is no such integration or pipeline; the message says so."""


def added(installed: Installed, name: str, spec: Spec, pipelines: Sequence[str], known: Sequence[str] = ()) -> Change:
    """Install an integration, and let the pipelines, made where there are none, have it. ``Conflict``: it is there.

    ``known``: faults found by the caller, to be told with those found here.
    """
    if name in installed.present:
        raise Conflict(f"there is an integration {name} already: change that one, or choose another name")
    masked = [field for field, value in _config(spec).items() if is_masked(value)]
    faults = [f"integrations.{name}.config.{field}: stands for a secret; give the secret itself." for field in masked]
    faults += known
    lists = {pipeline: [*_integrations(installed, pipeline), name] for pipeline in pipelines}
    return _work_out(installed, {name: spec}, _listing(installed, lists), faults)


def changed(
    installed: Installed, name: str, parts: Spec, revision: int | None = None, known: Sequence[str] = ()
) -> Change:
    """Change parts of an integration: each part given replaces the former one, but ``config`` field by field.

    Null takes a part or field back to its default. A secret left out, or given as it is shown, stays; where requests
    would go to another host every secret must be given anew. With ``revision``: ``Conflict`` unless that is in force.
    ``known``: as for ``added``.
    """
    document = present(installed, name)
    if revision not in (None, document["revision"]):
        raise Conflict(f"{name} is at revision {document['revision']}, not {revision}: read it again")
    now = opened(document) or {}
    given = _unmasked(_config(parts))
    same_vendor = parts.get("destination", now["destination"]) == now["destination"]
    config = {**(now["config"] if same_vendor else {}), **given}
    whole = config if isinstance(parts.get("config", {}), dict) else parts["config"]
    return _replaced(installed, name, {**now, **parts, "config": whole}, given, known)


def rolled_back(installed: Installed, name: str, number: int, given: Spec) -> Change:
    """Let an integration say again what it said at a revision: with the secrets of now, or those ``given``.

    ``RevisionGone`` when that revision is kept no longer; of secrets and hosts the same is true as for ``changed``.
    """
    now = opened(present(installed, name)) or {}
    then = kept(name, number).spec
    secrets = now["config"] if then["destination"] == now["destination"] else {}
    config = {field: secrets.get(field) if is_masked(value) else value for field, value in then["config"].items()}
    anew = _unmasked(given)
    return _replaced(installed, name, {**then, "config": {**config, **anew}}, anew)


def removed(installed: Installed, name: str) -> Change:
    """Remove an integration, from its pipelines too. ``Conflict``: it is the only one of a pipeline."""
    document = present(installed, name)
    listed = {pipeline: _integrations(installed, pipeline) for pipeline in installed.pipelines}
    lists = {pipeline: [one for one in names if one != name] for pipeline, names in listed.items() if name in names}
    if alone := [pipeline for pipeline, left in lists.items() if not left]:
        raise Conflict(
            f"{name} is the only integration of {', '.join(alone)}: give that another one, or delete it, first"
        )
    change = _work_out(installed, {}, _listing(installed, lists))
    remove_integration(change, name, document)
    return change


def routed(installed: Installed, pipeline: str, spec: Spec) -> Change:
    """Make a pipeline, or say anew which integrations its events go to and who may hand them in."""
    return _work_out(installed, {}, {pipeline: spec})


def unrouted(installed: Installed, pipeline: str) -> Change:
    """Remove a pipeline. Carrying it out raises ``InvalidFile`` when events wait in its inbox."""
    if pipeline not in installed.pipelines:
        raise Unknown(f"there is no pipeline {pipeline}")
    change = Change(installed.revision)
    remove_pipeline(change, pipeline)
    return change


def present(installed: Installed, name: str) -> Document:
    """The document of an integration that is not removed."""
    document = installed.documents.get(name)
    if document is None or REMOVED in document:
        raise Unknown(f"there is no integration {name}")
    return document


def _replaced(installed: Installed, name: str, spec: dict[str, Any], given: Spec, known: Sequence[str] = ()) -> Change:
    """Store a specification in the place of the one in force, if the secrets it has may go where it sends them."""
    spec["config"] = _without_nulls(spec["config"])
    before, after = (_ready(name, one) for one in (opened(installed.documents[name]) or {}, spec))
    faults = list(known)
    if after and (before is None or before.origin != after.origin):
        moved = f"requests go to {after.origin} from now on; give it anew."
        faults += [f"integrations.{name}.config.{field}: {moved}" for field in secrets_in(spec) if field not in given]
    return _work_out(installed, {name: spec}, {}, faults)


def _ready(name: str, spec: Spec) -> Integration | None:
    try:
        return install(name, spec)
    except InvalidSpec:
        return None


def _config(spec: Spec) -> dict[str, Any]:
    """The config of a specification that nobody has checked yet."""
    config = spec.get("config")
    return config if isinstance(config, dict) else {}


def _unmasked(config: Spec) -> dict[str, Any]:
    """What of a config is said, and does not only stand for a secret as it is shown."""
    return {field: value for field, value in config.items() if not is_masked(value)}


def _without_nulls(config: Any) -> Any:
    return (
        {field: value for field, value in config.items() if value is not None} if isinstance(config, dict) else config
    )


def _integrations(installed: Installed, pipeline: str) -> list[str]:
    return list(installed.pipelines.get(pipeline, {}).get("integrations", ()))


def _listing(installed: Installed, lists: Mapping[str, Sequence[str]]) -> dict[str, Spec]:
    """Pipelines as they are, or new ones, with other integrations."""
    return {name: {**installed.pipelines.get(name, {}), "integrations": list(lists[name])} for name in lists}


def _work_out(
    installed: Installed, specs: Mapping[str, Spec], pipelines: Mapping[str, Spec], faults: Sequence[str] = ()
) -> Change:
    document = {"integrations": dict(specs), "pipelines": dict(pipelines)}
    return work_out(check_values(document, installed.present, faults), installed)
