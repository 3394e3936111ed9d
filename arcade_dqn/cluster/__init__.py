"""Many actors and one learner, on Ray (Horgan 2018, Ape-X): the only room that imports ray.

`actor_process` and `shard` are what runs in Ray's workers, `outbox` the way between them, `crew` the learner's side of
both, `ray_session` the Ray that they run on, and `loop` the training loop that a run drives. Only `loop` loads
TensorFlow.
"""
