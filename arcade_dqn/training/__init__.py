"""Training: the loop, and a run (the loop with checkpoints, a board and commands around it)."""
