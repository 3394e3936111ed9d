"""`python -m arcade_dqn.tui RUNS_DIR`: the TUI in the browser that `arcade-dqn serve` has opened it to."""

from __future__ import annotations

import sys
from pathlib import Path

from arcade_dqn.tui.run import run_app

if __name__ == "__main__":
    sys.exit(run_app(Path(sys.argv[1]), browser=True))
