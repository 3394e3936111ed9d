"""The control room: a Textual app that starts, steers and shows the other programs. It never imports TensorFlow."""
