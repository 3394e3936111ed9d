"""TensorBoard event files, written without the tensorboard package."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import tensorflow as tf

from arcade_dqn.storage.atomic import StorageError, reason


class EventWriter:
    """Writes scalars to a new event file in `folder`, as TensorBoard reads them. Everything raises StorageError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make {folder}: {reason(error)}") from error
        name = f"events.out.tfevents.{time.time_ns() // 1000}.{socket.gethostname()}.{os.getpid()}"
        with self._told():
            # Bytes: TensorFlow would encode a name that is no text.
            self._writer = tf.io.TFRecordWriter(os.fsencode(folder / name))
        self._write(tf.compat.v1.Event(wall_time=time.time(), file_version="brain.Event:2"))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Add the named values at `step`."""
        summary = tf.compat.v1.Summary(
            value=[tf.compat.v1.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        )
        self._write(tf.compat.v1.Event(wall_time=time.time(), step=step, summary=summary))

    def restart(self, step: int) -> None:
        """The run goes on from `step`: what earlier files hold from later steps is not shown any more."""
        start = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        self._write(tf.compat.v1.Event(wall_time=time.time(), step=step + 1, session_log=start))

    def flush(self) -> None:
        with self._told():
            self._writer.flush()

    def close(self) -> None:
        with self._told():
            self._writer.close()

    def _write(self, event: tf.compat.v1.Event) -> None:
        with self._told():
            self._writer.write(event.SerializeToString())

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except tf.errors.OpError as error:
            raise StorageError(f"cannot write events for TensorBoard in {self._folder}: {error.message}") from error
