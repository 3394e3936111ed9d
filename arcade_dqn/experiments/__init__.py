"""Experiments: questions about DQN, answered by real runs; and the curves of several runs put together."""
