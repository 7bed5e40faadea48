"""What the settings of Klaviyo, Statsig and LaunchDarkly refuse, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from destinations.form.integration import InvalidSpec, install

GOOD: dict[str, dict[str, Any]] = {
    "klaviyo": {"public_api_key": "ABC123", "private_api_key": "pk_1"},
    "statsig": {"server_secret_key": "secret-1"},
    "launchdarkly": {"access_token": "api-1", "project_key": "default", "environment_key": "production"},
}


@pytest.mark.parametrize(
    ("name", "config", "fault"),
    [
        ("klaviyo", {"public_api_key": "pk_1"}, "config.public_api_key: Must be the Site ID, not a private key."),
        ("klaviyo", {"private_api_key": "pk_1\n"}, "config.private_api_key: Must be one word"),
        ("klaviyo", {"revision": "latest"}, "config.revision: Must be a date such as 2024-10-15."),
        ("klaviyo", {"default_country": "uk"}, "config.default_country: Must be two capital letters"),
        ("klaviyo", {"bulk": "perhaps"}, "config.bulk: Not a valid boolean."),
        ("statsig", {"server_secret_key": "secret 1"}, "config.server_secret_key: Must be one word"),
        ("statsig", {"environment": "qa"}, "config.environment: Must be one of: production, staging, development."),
        ("launchdarkly", {"events_host": "app.launchdarkly.com"}, "config.events_host: Must be one of: events.launch"),
        ("launchdarkly", {"project_key": ".."}, "config.project_key: Must be a project's key."),
        ("launchdarkly", {"environment_key": ""}, "config.environment_key: Must be an environment's key."),
        ("launchdarkly", {"context_kind": "multi"}, "config.context_kind: multi cannot be a context kind."),
        ("launchdarkly", {"context_keys": {"a b": "user_id"}}, "config.context_keys.a b.key: a b cannot be a context"),
        ("launchdarkly", {"context_keys": {"user": "group_id"}}, "config.context_keys.user: Is the context_kind"),
        ("launchdarkly", {"context_keys": {"team": "group_id ||"}}, "config.context_keys.team: group_id || ends too"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_at_once(name: str, config: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        install("x", {"destination": name, "config": GOOD[name] | config})
    assert [line[: len(fault)] for line in refused.value.faults] == [fault]
