"""Learning with Keras and TensorFlow: the only room that imports them."""
