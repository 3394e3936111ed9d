"""Measurements of speed. Nothing here decides whether a test passes."""
