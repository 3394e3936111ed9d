"""This project's side of the comparison: programs that measure one thing each."""
