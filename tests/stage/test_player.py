from __future__ import annotations

import itertools

import numpy as np

from arcade_dqn.acting.policy import Policy
from arcade_dqn.evaluation import watching_seed
from arcade_dqn.stage.player import Player


def test_a_greedy_episode_by_hand(ladder, climber: Policy) -> None:
    game = ladder()
    player = Player(game, climber, seed=9)
    scenes = [player.step() for _ in range(5)]
    # Rungs 0, 1, 2, 2, 2 before the steps: climb, climb, then the tie goes to the first action; cut off at 5 steps.
    assert [scene.action for scene in scenes] == [1, 1, 0, 0, 0]
    assert [scene.reward for scene in scenes] == [2, 2, -1, -1, -1]
    assert [scene.episode_return for scene in scenes] == [2, 4, 3, 2, 1]
    assert [scene.step for scene in scenes] == [1, 2, 3, 4, 5]
    assert [scene.ended for scene in scenes] == ["", "", "", "", "truncated"]
    assert [scene.observation[0] for scene in scenes] == [0, 1, 2, 2, 2]
    assert [scene.q_values.tolist() for scene in scenes][:3] == [[1, 3], [1, 2], [1, 1]]
    assert all(scene.greedy_action == scene.action and not scene.explored for scene in scenes)
    assert [int(scene.picture[0, 0, 0]) for scene in scenes] == [1, 2, 3, 4, 5]
    assert player.returns == [1.0]
    following = player.step()
    assert (following.episode, following.step, following.episode_return) == (2, 1, 2.0)
    assert game.seeds == [watching_seed(9, 1), watching_seed(9, 2)]


def test_a_persons_actions_count_and_the_agents_thoughts_stay(ladder, climber: Policy) -> None:
    player = Player(ladder(), climber, seed=0, epsilon=1.0)
    scenes = [player.step(1) for _ in range(3)]
    assert [scene.ended for scene in scenes] == ["", "", "terminated"]
    assert scenes[2].episode_return == 6.0
    assert scenes[2].action == 1
    assert scenes[2].greedy_action == 0
    assert not any(scene.explored for scene in scenes)
    assert player.returns == [6.0]


def test_restart_begins_the_same_episode_again_and_after_an_end_the_next(ladder, climber: Policy) -> None:
    game = ladder()
    player = Player(game, climber, seed=4)
    opening = player.restart()
    assert (opening.episode, opening.step, opening.action, opening.ended) == (1, 0, None, "")
    assert opening.q_values.tolist() == [1, 3]
    assert opening.greedy_action == 1
    player.step()
    assert player.restart().episode == 1
    for _ in range(3):
        player.step(1)
    assert player.restart().episode == 2
    assert game.seeds == [watching_seed(4, episode) for episode in (1, 1, 2)]
    assert player.returns == [6.0]


def test_an_ended_episode_can_be_begun_again_and_is_as_if_it_had_not_been(ladder, climber: Policy) -> None:
    game = ladder()
    player = Player(game, climber, seed=4)
    assert player.restart(same=True).episode == 1
    for _ in range(3):
        player.step(1)
    assert player.returns == [6.0]
    opening = player.restart(same=True)
    assert (opening.episode, opening.step, player.returns) == (1, 0, [])
    player.step()
    assert player.restart(same=True).episode == 1
    assert set(game.seeds) == {watching_seed(4, 1)}


def test_the_newest_observation_is_what_the_next_action_is_chosen_by(ladder, climber: Policy) -> None:
    player = Player(ladder(), climber, seed=4)
    scenes = [player.restart(), *(player.step(1) for _ in range(3))]
    assert [scene.newest[0] for scene in scenes] == [0, 1, 2, 3]
    for before, after in itertools.pairwise(scenes):
        np.testing.assert_array_equal(before.newest, after.observation)


def test_a_scene_without_a_picture_gets_it_later(ladder, climber: Policy) -> None:
    player = Player(ladder(), climber, seed=4)
    undrawn = player.step(1, draw=False)
    drawn = player.drawn(undrawn)
    assert int(drawn.picture[0, 0, 0]) == 1
    assert drawn.newest is undrawn.newest


def test_chance_repeats_with_the_episode_and_epsilon_is_its_share(ladder, climber: Policy) -> None:
    def actions(epsilon: float, restarts: int) -> list[tuple[int, bool]]:
        player = Player(ladder(), climber, seed=11, epsilon=epsilon)
        for _ in range(restarts):
            player.restart()
        return [(scene.action, scene.explored) for scene in (player.step() for _ in range(400))]

    assert actions(0.3, 0) == actions(0.3, 2)
    explored = np.mean([by_chance for _, by_chance in actions(0.3, 0)])
    assert 0.22 < explored < 0.38
    assert not any(by_chance for _, by_chance in actions(0.0, 0))
    assert all(by_chance for _, by_chance in actions(1.0, 0))


def test_without_a_policy_everything_is_chance(ladder) -> None:
    player = Player(ladder(), None, seed=1)
    scenes = [player.step() for _ in range(60)]
    assert {scene.action for scene in scenes} == {0, 1}
    assert all(scene.explored and scene.q_values is None and scene.greedy_action is None for scene in scenes)


def test_a_policy_can_be_exchanged_between_steps(ladder, climber: Policy) -> None:
    player = Player(ladder(), None, seed=1)
    player.step()
    player.set_policy(climber)
    assert player.step().q_values is not None


def test_undrawn_steps_keep_the_picture_and_save_the_drawing(ladder, climber: Policy) -> None:
    game = ladder(between=4)
    player = Player(game, climber, seed=1)
    drawn = player.step()
    undrawn = player.step(draw=False)
    assert undrawn.picture is drawn.picture
    assert undrawn.between == ()
    assert game.rendered == 1


def test_the_pictures_between_end_before_the_picture_itself(ladder, climber: Policy) -> None:
    player = Player(ladder(between=4), climber, seed=1)
    assert player.restart().between == ()
    assert [int(picture[0, 0, 0]) for picture in player.step().between] == [100, 101, 102]


def test_frames_are_stacked_within_an_episode_only(ladder) -> None:
    player = Player(ladder(stack=3), None, seed=1)
    rungs = [player.step(1).observation[:, 0].tolist() for _ in range(3)]
    assert rungs == [[0, 0, 0], [0, 0, 1], [0, 1, 2]]
    assert player.step(0).observation[:, 0].tolist() == [0, 0, 0]


def test_closing_closes_the_game(ladder) -> None:
    game = ladder()
    Player(game, None, seed=0).close()
    assert game.closed
