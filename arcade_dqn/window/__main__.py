"""`python -m arcade_dqn.window TARGET`: see `main.py`."""

from __future__ import annotations

import sys

from arcade_dqn.window.main import main

if __name__ == "__main__":
    sys.exit(main())
