"""Many actors and one learner, on Ray (Horgan 2018, Ape-X): the only room that imports ray.

`player` and `shard` are what runs in Ray's workers, `post` the way between them, `crew` the learner's side of both,
`host` the Ray that they run on, and `loop` the training loop that a run drives. Only `loop` loads TensorFlow.
"""
