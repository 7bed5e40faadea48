"""What all tests need of the process they run in."""

from __future__ import annotations

import signal

from hypothesis import settings

# A shell starts background jobs with Ctrl-C ignored, and their children inherit that: tests that send it would wait.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says what else runs on the machine, not whether the code is right.
settings.register_profile("fleet", deadline=None)
settings.load_profile("fleet")
