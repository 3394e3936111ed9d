"""The peers, in an environment of their own. Nothing here imports arcade_dqn."""
