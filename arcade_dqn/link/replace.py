"""Put a file in the place of another one."""

from __future__ import annotations

import os
import sys
import time

_ATTEMPTS, _PAUSE = 50, 0.01

PATIENT = sys.platform == "win32"
"""Windows replaces no file that a program has open; ours have one open for a moment at a time."""


def replace(new: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Rename the file `new` to `path`, over whatever file is there. Raises OSError, on Windows after half a second."""
    for attempt in range(_ATTEMPTS if PATIENT else 1):
        try:
            os.replace(new, path)
            return
        except PermissionError:
            if not PATIENT or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)
