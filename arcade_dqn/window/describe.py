"""What the HUD shows of a session, put into words and numbers."""

from __future__ import annotations

from arcade_dqn.stage.source import SavedModel
from arcade_dqn.window.input.keys import game_keys, help_groups, hints
from arcade_dqn.window.panel.agent_info import AT_WORK, gauges, subtitle
from arcade_dqn.window.panel.numbers import number
from arcade_dqn.window.panel.state import HudState
from arcade_dqn.window.session import Phase, Session
from arcade_dqn.window.speeds import speed_text

_KEPT_RETURNS = 200


def describe(session: Session, frame_rate: int = 0, recording: str = "") -> HudState:
    """What the HUD shows now. `recording`: the length of a film so far, if it is to be marked."""
    scene, player, source = session.scene, session.player, session.source
    q_values = None
    if scene is not None and scene.q_values is not None:
        q_values = tuple(scene.q_values.tolist())
    return HudState(
        mode=session.mode,
        note=_note(session),
        title=session.info.title,
        subtitle=subtitle(source),
        speed=speed_text(session.speed),
        frame_rate=frame_rate,
        episode=scene.episode if scene else 0,
        episode_return=scene.episode_return if scene else None,
        best=max(player.returns, default=None),
        gauges=gauges(source, session.status, live=session.live, epsilon=player.epsilon, greedy=session.greedy),
        action_names=player.game.action_names,
        q_values=q_values,
        q_range=session.q_history.bounds,
        action=scene.action if scene else None,
        chosen_by=_chosen_by(session),
        returns=tuple(player.returns[-_KEPT_RETURNS:]),
        history=session.q_history.steps,
        hints=hints(session.info, session.person, agent=player.policy is not None),
        view=session.views.view(player.policy, scene, player.epsilon, source.temperature if source else None),
        recording=recording,
        message=session.message or _standing_message(session),
        waiting=_waiting_text(session),
        help=help_groups(session.info, gamepad=session.gamepad) if session.help else (),
    )


def _chosen_by(session: Session) -> str:
    scene = session.scene
    if scene is None or scene.action is None:
        return ""
    by_person = session.person or (scene.action != scene.greedy_action and not scene.explored)
    return "you" if by_person else "explored" if scene.explored else "greedy"


def _standing_message(session: Session) -> str:
    """What stands over the picture while nothing else is said there."""
    if session.phase is not Phase.AWAITS_KEY or not game_keys(session.info):
        return ""
    scene = session.scene
    again = ""
    if scene is not None and scene.ended:
        again = f"{number(scene.episode_return)} point{'' if scene.episode_return == 1 else 's'}. "
    return f"{again}Press a key of the game to begin"


def _waiting_text(session: Session) -> str:
    if session.live or not isinstance(session.source, SavedModel):
        return "Waiting for the first weights"
    return "Loading"


def _note(session: Session) -> str:
    """A few words beside the mode: what is paused, whose keys, or what the trainer does."""
    if session.paused:
        return "the play, not the training" if session.live else "the play"
    if session.person:
        return "your keys, learned from" if session.teaching.on else "your keys"
    if session.live and session.status is not None:
        if session.status.state == "paused":
            return "the training"
        return AT_WORK.get(session.status.state, session.status.state)
    return "not learning"
