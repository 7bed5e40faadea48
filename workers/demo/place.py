"""Where a fleet on this machine keeps its data and logs, and its development key."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(".fleet")
KEY = "secret.key"


@contextmanager
def passing_folder(*, keep: bool) -> Iterator[Path]:
    """A new folder for one run, gone when the block ends, unless ``keep``; a run that failed keeps it, for its logs.

    An interrupted run has not failed. The folder is below ``.fleet``, or a temporary one where that cannot be made.
    """
    folder = _new_folder()
    try:
        yield folder
    except Exception as error:
        keep = True
        error.add_note(f"Logs and data are kept in {folder}.")
        raise
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # others use it
                ROOT.rmdir()


def _new_folder() -> Path:
    try:
        ROOT.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="demo-", dir=ROOT))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="fleet-demo-"))


def lasting_folder() -> Path:
    """The folder of ``fleet up``: the same one each time. ``OSError`` when it cannot be made."""
    folder = ROOT / "up"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def development_key() -> str:
    """A new ``FLEET_SECRET_KEY``. For local runs alone: a deployment brings its own."""
    return Fernet.generate_key().decode()


def kept_key(folder: Path) -> str:
    """The development key kept in a folder, readable by its owner only; made when there is none."""
    path = folder / KEY
    with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(development_key())
    return path.read_text(encoding="ascii").strip()
