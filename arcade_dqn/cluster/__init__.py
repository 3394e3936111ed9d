"""Many actors and one learner, on Ray (Horgan 2018, Ape-X): the only room that imports ray.

`actor_process` and `shard` are what runs in Ray's workers, and `outbox` the way between them. The learner's side of
them are `actor_pool` and `shard_pool`, with `calls` for what the actors owe and `liveness` for who lives. `loop` is the
training loop that a run drives, with `gradient_steps` for what the learner owes; these two alone load TensorFlow.
`ray_session` is the Ray that all run on.
"""
