"""The rows of the comparison: each starts the programs that measure, in turn, and judges what they tell."""
