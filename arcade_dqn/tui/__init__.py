"""The control room: a Textual app that starts, steers and shows the other programs. It never imports TensorFlow."""

import os

# One forward pass is far too small to share between cores: OpenBLAS's other threads would only spin (measured: 94% of a
# core instead of 2.5% for a Pong demo) and take the cores from the trainer. It has to be said before NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
