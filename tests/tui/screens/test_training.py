from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.widgets import RichLog

from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.home import HomeScreen
from arcade_dqn.tui.screens.training import TrainingScreen
from arcade_dqn.tui.widgets.chart import Chart
from arcade_dqn.tui.widgets.picture import Picture


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50)])
async def test_everything_is_shown(
    make_app: Callable[..., ArcadeApp], programs: Any, size: tuple[int, int], settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app, size):
        trainer = programs.trainer
        trainer.says("progress", step=900, episodes=[[400, 20.0], [900, 40.0]], loss=0.5, mean_q=7.25)
        trainer.says("evaluation", step=1000, mean=60.0, std=1.0, episodes=10, solved=False)
        await settled(lambda: all(words in texts(app) for words in ("Mean Q 7.25", "scored 60.0 ± 1.0", "score 7")))
        shown = texts(app)
        for words in (
            "TRAINING",
            "1,000 / 10,000",
            "10%",
            "0:18",
            "episode 12",
            "42.5",
            "250 / 1,000",
            "0.500 schedule",
            "Loss 0.5",
            "◆",
            "╌",
            "scored 60.0 ± 1.0",
            "score 7",
        ):
            assert words in shown, words
        for key in ("space pause", "w window", "v view", "s save", "e evaluate", "[ ε-", "] ε+", "esc back", "^x stop"):
            assert key in shown, key
        # The learning start, 100 of 1,000, is marked within the bar of the replay buffer.
        assert "┃" in shown
        assert not app.screen.show_horizontal_scrollbar


async def test_the_buffer_says_when_learning_begins(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app):
        programs.trainer.publish(replay_size=60)
        await settled(lambda: "learns from 100" in texts(app))


async def test_keys_become_commands(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        trainer = programs.trainer
        await pilot.press("space", "s", "e")
        assert trainer.commands[1:] == [("pause", {}), ("save", {}), ("evaluate", {})]
        trainer.publish(state="paused")
        await settled(lambda: "PAUSED" in texts(app))
        await pilot.press("space")
        assert trainer.commands[-1] == ("resume", {})


async def test_epsilon_by_hand_and_back(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        trainer = programs.trainer
        await pilot.press("right_square_bracket", "right_square_bracket", "left_square_bracket")
        values = [arguments["value"] for name, arguments in trainer.commands if name == "set"]
        assert values == pytest.approx([0.55, 0.6, 0.55])
        trainer.publish(epsilon=0.55, epsilon_override=True)
        await settled(lambda: "0.550 by hand" in texts(app))
        await pilot.press("0")
        assert trainer.commands[-1] == ("set", {"name": "epsilon", "value": None})
        # What a person did is marked on the chart, at the step that the trainer tells.
        trainer.says("set", step=1_000, name="epsilon", value=None)
        await settled(lambda: bool(app.screen.query_one("#returns", Chart).plot.rules))
        assert app.screen.query_one("#returns", Chart).plot.rules[0] == 1_000


async def test_epsilon_stays_within_its_bounds(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        programs.trainer.publish(epsilon=0.02)
        await settled(lambda: "0.020" in texts(app))
        await pilot.press("left_square_bracket")
        assert programs.trainer.commands[-1] == ("set", {"name": "epsilon", "value": 0.0})


async def test_view_large_hidden_and_beside_the_curves(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app, (80, 24)) as pilot:
        view, curves = app.screen.query_one("#view", Picture), app.screen.query_one("#curves")
        await settled(lambda: view.has_picture)
        projector: Any = app.services.demo_player
        assert projector.wanted[-1].target == str(app.services.training.snapshot.run)
        beside = view.size
        await pilot.press("v")
        # In the smallest usual terminal the game is three times as high, and the gauges are still there.
        await settled(lambda: view.size.height >= 3 * beside.height)
        assert not curves.display
        assert view.size.width > beside.width
        assert "Epsilon" in texts(app)
        assert projector.wanted[-1] is not None
        await pilot.press("v")
        assert not view.display
        assert curves.display
        assert projector.wanted[-1] is None
        await pilot.press("v")
        await settled(lambda: view.display and view.size == beside and projector.wanted[-1] is not None)


async def test_the_log_is_broken_anew_in_another_width(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, training: Any
) -> None:
    app = make_app()
    async with training(app, (160, 50)) as pilot:
        programs.trainer.says("warning", message=f"a sentence of {'many ' * 9}words")
        log = app.screen.query_one("#log", RichLog)
        await settled(lambda: any("a sentence of" in line.text for line in log.lines))
        wide = len(log.lines)
        await pilot.resize_terminal(80, 24)
        await settled(lambda: len(log.lines) > wide)
        assert max(len(line.text.rstrip()) for line in log.lines) <= log.content_size.width


async def test_the_buffers_numbers_fit_beside_a_persons_steps(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app, (80, 24)):
        programs.trainer.publish(replay_size=123_456, replay_capacity=200_000, demonstrations=12_345)
        await settled(lambda: "Replay 12.3k yours 123k/200k" in texts(app))


async def test_window_on_and_off(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, training: Any
) -> None:
    app = make_app(display=True)
    async with training(app) as pilot:
        await pilot.press("w")
        await settled(lambda: bool(app.services.training.snapshot.window))
        assert programs.window.arguments[0] == str(app.services.training.snapshot.run)
        await pilot.press("w")
        await settled(lambda: not bool(app.services.training.snapshot.window))
        assert not programs.window.alive
        assert programs.trainer.alive
        await pilot.press("w")
        await settled(lambda: bool(app.services.training.snapshot.window))


async def test_the_window_moves_on_to_another_run(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, training: Any
) -> None:
    app = make_app(display=True)
    async with training(app) as pilot:
        app.services.playback.toggle_window("an earlier run")
        await settled(lambda: app.services.training.snapshot.window == "an earlier run")
        await pilot.press("w")
        await settled(lambda: app.services.training.snapshot.window == str(app.services.training.snapshot.run))
        assert programs.window.arguments[0] == str(app.services.training.snapshot.run)


async def test_window_without_a_display(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        await pilot.press("v", "w")
        await settled(lambda: any("no display" in notice.message for notice in app._notifications))
        # The terminal view serves instead.
        assert app.screen.query_one("#view", Picture).display


async def test_stop_asks_first(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        await pilot.press("ctrl+x")
        await settled(lambda: "Stop the training?" in texts(app))
        await pilot.press("n")
        assert programs.trainer.commands[-1][0] == "open"
        await pilot.press("ctrl+x")
        await settled(lambda: "Stop the training?" in texts(app))
        await pilot.press("enter")
        await settled(lambda: programs.trainer.commands[-1][0] == "stop")


async def test_keys_that_need_a_run_go_grey_at_its_end(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        programs.trainer.says("ended", reason="steps", step=9, message="done after 9 steps", model="final")
        programs.trainer.publish(state="done")
        await settled(lambda: "DONE" in texts(app))
        sent = len(programs.trainer.sent)
        await pilot.press("space", "s", "e", "0")
        assert len(programs.trainer.sent) == sent
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_a_run_that_never_began_says_so(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        await settled(lambda: "the learner is getting ready" in texts(app))
        programs.trainer.says("ended", reason="failed", message="the replay buffer needs 71 GiB", model=None)
        await settled(lambda: "it ended before it began; the log says why" in texts(app))
        assert "FAILED" in texts(app)


async def test_a_run_that_is_moved_away_stays_as_it_was_seen(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        programs.trainer.says("ended", reason="steps", step=9, message="done after 9 steps", model="final")
        await settled(lambda: app.services.training.snapshot.phase == "ended")
        run = app.services.training.snapshot.run
        assert run is not None
        run.rename(run.with_name("elsewhere"))
        looks = app.screen._looks  # type: ignore[attr-defined]
        await settled(lambda: app.screen._looks > looks + 2)  # type: ignore[attr-defined]
        assert app.services.training.snapshot.status is not None and app.services.training.snapshot.status.step == 1_000
        await pilot.pause()
        assert "1,000 / 10,000" in texts(app)


async def test_a_dead_trainer_is_offered_to_be_resumed(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        run = app.services.training.snapshot.run
        programs.trainer.exit_code = -9
        await settled(lambda: "CartPole has stopped" in texts(app))
        await pilot.press("r")
        await settled(lambda: len(programs.started) == 2 and bool(programs.trainer.sent))
        assert programs.trainer.commands == [("open", {"run": str(run)})]
        assert isinstance(app.screen, TrainingScreen)


async def test_a_resumed_run_shows_what_it_did_before(
    make_app: Callable[..., ArcadeApp], programs: Any, make_run: Callable[..., RunDir], settled: Any
) -> None:
    run = make_run()
    run.append_metrics({"kind": "episode", "step": 100, "episode": 1, "return": 12.0, "length": 12})
    app = make_app()
    async with app.run_test(size=(120, 40)):
        app.services.training.resume(run.path, "CartPole")
        await settled(lambda: len(app.services.training.record.returns) == 1)
        assert programs.trainer.commands == [("open", {"run": str(run.path)})]


async def test_training_goes_on_behind_other_screens(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, training: Any
) -> None:
    app = make_app()
    async with training(app) as pilot:
        await pilot.press("escape")
        programs.trainer.says("progress", step=2000, episodes=[[1500, 99.0]], loss=1.0, mean_q=1.0)
        await settled(lambda: len(app.services.training.record.returns) == 1)
        await pilot.press("t")
        await settled(lambda: len(app.screen.query_one("#returns", Chart).plot.traces[0].x) == 1)
        assert programs.trainer.alive


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_only_a_run_with_actors_has_the_line(
    make_app: Callable[..., ArcadeApp], programs: Any, size: tuple[int, int], settled: Any, texts: Any, training: Any
) -> None:
    app = make_app()
    async with training(app, size):
        assert not app.screen.query_one("#cluster").display
        programs.trainer.says(
            "cluster",
            step=900,
            actors=3,
            alive=2,
            steps_per_second=[800.0, 400.0, 0.0],
            shards=[[500, 1000]],
            lag=1280,
            lost_steps=64,
            lost_transitions=1000,
            too_old=7,
            restarts=1,
        )
        await settled(lambda: "actors 2 of 3" in texts(app))
        assert "lost 1,064" in texts(app)
