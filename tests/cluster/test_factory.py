"""Which loop is taken, and what is said where Ray is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from arcade_dqn.cli.main import main
from arcade_dqn.cluster import factory
from arcade_dqn.config import build
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.loop import LoopError
from arcade_dqn.training.run import Run


def test_without_ray_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(factory, "find_spec", lambda name: None)
    assert main(["train", "CartPole-v1", "--actors", "2", "--runs-dir", str(tmp_path / "runs")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and 'pip install "arcade-dqn[cluster]"' in error
    assert not (tmp_path / "runs").exists(), "no run was made"


def test_a_run_without_actors_needs_no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "find_spec", lambda name: None)
    factory.require_ray(build("CartPole-v1", "cartpole"))


@pytest.mark.parametrize("address", ["10.0.0.1", "ray://host:1", "host:port", "a b:1"])
def test_an_address_is_a_host_and_a_port(
    address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(factory.RAY_ADDRESS, "")  # the command sets it
    monkeypatch.setattr(factory, "find_spec", lambda name: True)
    assert main(["train", "CartPole-v1", "--actors", "2", "--ray", address, "--runs-dir", str(tmp_path / "runs")]) == 1
    assert "HOST:PORT and auto" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_an_address_without_actors_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "CartPole-v1", "--ray", "auto", "--runs-dir", str(tmp_path / "runs")]) == 2
    assert "--actors N" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["resume", "repeat"])
def test_a_run_that_is_there_is_told_the_address_too(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(factory.RAY_ADDRESS, "")  # the command sets it
    monkeypatch.setattr(factory, "find_spec", lambda name: True)
    run = RunDir.create(tmp_path, build("CartPole-v1", "cartpole", {"cluster.actors": 2}), "first")
    assert main([command, str(run.path), "--ray", "nowhere", "--runs-dir", str(tmp_path)]) == 1
    assert "HOST:PORT and auto" in capsys.readouterr().err
    assert [path.name for path in run.path.parent.iterdir()] == ["first"]


def test_one_machine_is_not_filled_with_actors(monkeypatch: pytest.MonkeyPatch) -> None:
    many = build("CartPole-v1", "cartpole", {"cluster.actors": 100_000})
    monkeypatch.setattr(factory, "find_spec", lambda name: True)
    monkeypatch.delenv(factory.RAY_ADDRESS, raising=False)
    with pytest.raises(factory.RayMissing, match="more than this machine runs by itself"):
        factory.require_ray(many)
    monkeypatch.setenv(factory.RAY_ADDRESS, "head:6379")
    factory.require_ray(many)


def test_what_plays_itself_refuses_a_run_with_actors(tmp_path: Path) -> None:
    settings = build("CartPole-v1", "cartpole", {"cluster.actors": 2})
    run = RunDir.create(tmp_path, settings)
    with pytest.raises(LoopError, match=r"cluster\.actors = 2 asks for actors on Ray"):
        Run(run, lambda event: None).execute()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "auto"])
def test_a_cluster_that_is_not_there_is_told_in_a_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ray_session = pytest.importorskip("arcade_dqn.cluster.ray_session", reason="needs Ray")
    monkeypatch.delenv(factory.RAY_ADDRESS, raising=False)
    with pytest.raises(ray_session.RaySessionError, match=f"cannot reach the Ray cluster at {address}: ") as caught:
        ray_session.RaySession(address, 3)
    assert "\n" not in str(caught.value)


def test_which_addresses_are_on_this_machine() -> None:
    ray_session = pytest.importorskip("arcade_dqn.cluster.ray_session", reason="needs Ray")
    assert all(ray_session._only_here(address) for address in ("127.0.0.1", "127.0.1.1", "localhost", "::1"))
    assert not any(ray_session._only_here(address) for address in ("10.0.0.1", "node-7", "127.0.0.1.example", "::2"))
