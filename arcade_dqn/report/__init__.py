"""Pictures for slides, drawn with matplotlib: one run, several runs, an experiment."""
