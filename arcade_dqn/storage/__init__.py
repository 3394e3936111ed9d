"""What stays on disk: run folders, checkpoints and model files, each written whole or not at all."""
