"""Become another command that ends when its parent ends: ``python leash.py PARENT_PID COMMAND...``.

Started as a script of its own (only the standard library, no project imports), so that nothing has to run between
fork and exec in a parent that may have threads. Linux tells the process of its parent's death; elsewhere the command
runs without that. The kernel means the parent's *thread*: start children from one that lives as long as they should.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Ask for SIGTERM when the parent dies, then turn into the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we could ask
        sys.exit("The process that started this one is gone.")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
