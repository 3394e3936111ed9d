"""The trainer program with both loops: `python -m arcade_dqn.cluster [RUN_DIR]`.

The same program as `python -m arcade_dqn.training`, which stands below this room and so cannot know of Ray. Where a
run has actors, this one is needed; where it has none, the two do the same.
"""

from __future__ import annotations

import sys

from arcade_dqn.cluster.factory import make_loop
from arcade_dqn.training.__main__ import main

if __name__ == "__main__":
    sys.exit(main(make_loop=make_loop))
