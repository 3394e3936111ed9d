"""The window on a run, counting its frames.

    python -m benchmarks.ours.window RUN_DIR

Tells {"event": "opened"} as the window itself does, closes when its input ends, and then tells how many times its loop
went round, and in how many seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import time


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    options = parser.parse_args()
    # As the window's own program does, and it must be said before NumPy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import pygame

    ticks: list[float] = []
    own_clock = pygame.time.Clock

    class CountingClock:
        def __init__(self) -> None:
            self._clock = own_clock()

        def tick(self, rate: float = 0) -> int:
            waited = self._clock.tick(rate)
            ticks.append(time.perf_counter())
            return waited

    # To a type checker a class is no variable.
    pygame.time.Clock = CountingClock  # type: ignore[assignment, misc]
    from arcade_dqn.window.main import main as window

    code = window([options.run, "--events"])
    seconds = ticks[-1] - ticks[0] if ticks else 0.0
    print(json.dumps({"event": "frames", "frames": len(ticks), "seconds": seconds}), flush=True)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
