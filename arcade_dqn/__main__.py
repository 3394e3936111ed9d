"""`python -m arcade_dqn`: the same as the command `arcade-dqn`."""

from __future__ import annotations

import sys

from arcade_dqn.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
