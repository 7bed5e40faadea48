from __future__ import annotations

import subprocess
import sys

SECRETS = {
    "FLEET_ADMIN_TOKEN": "alice:first-token, deploy:second-token,third-token",
    "FLEET_SECRET_KEY": "new-key,old-key",
    "FLEET_REDIS_URL": "redis://:a%40word@127.0.0.1:6379/0",
    "FLOWER_BASIC_AUTH": "ada:her-password",
}


def test_every_secret_of_the_environment_is_known_as_it_travels() -> None:
    program = "from workers.confidential import confidential; print(*confidential(), sep=chr(10))"
    told = subprocess.run([sys.executable, "-c", program], env=SECRETS, capture_output=True, text=True, check=True)
    known = set(told.stdout.splitlines())
    assert known >= {"first-token", "second-token", "third-token", "new-key", "old-key", "a@word", "her-password"}
