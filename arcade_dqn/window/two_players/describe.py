"""What the window shows of two players, put into words and numbers."""

from __future__ import annotations

from arcade_dqn.window.describe import describe
from arcade_dqn.window.input.keys import help_groups, hints
from arcade_dqn.window.panel.agent_info import way_of
from arcade_dqn.window.panel.numbers import number
from arcade_dqn.window.speeds import speed_text
from arcade_dqn.window.two_players.rounds import TwoPlayers
from arcade_dqn.window.two_players.state import Side, TwoPlayersState

_KEPT_ROUNDS = 200


def describe_two_players(both: TwoPlayers, frame_rate: int = 0, recording: str = "") -> TwoPlayersState:
    """What the window shows now. `recording`: the length of a film so far, if it is to be marked."""
    left, right = both.sessions
    sides = _side(both, 0), _side(both, 1)
    agent = left.player.policy is not None
    return TwoPlayersState(
        title=both.info.title,
        mode=left.mode if left.mode != "DEMO" else right.mode,
        round=sides[0].hud.episode,
        drawn=sum(mine == other for mine, other in both.rounds),
        rounds=tuple(both.rounds[-_KEPT_ROUNDS:]),
        speed=speed_text(left.speed),
        frame_rate=frame_rate,
        sides=sides,
        hints=hints(both.info, both.person, agent=agent, waits=left.over and not right.over),
        recording=recording,
        message=sides[0].hud.message or sides[1].hud.message or _result(both),
        help=help_groups(both.info, gamepad=both.gamepad) if both.help else (),
    )


def _side(both: TwoPlayers, side: int) -> Side:
    session, other = both.sessions[side], both.sessions[1 - side]
    returns = [pair[side] for pair in both.rounds]
    return Side(
        name=_name(both, side),
        kind="your keys" if session.person else way_of(session.source) if session.source else "no agent",
        hud=describe(session),
        mean=sum(returns) / len(returns) if returns else None,
        won=sum(pair[side] > pair[1 - side] for pair in both.rounds),
        waits=session.over and not other.over,
    )


def _name(both: TwoPlayers, side: int) -> str:
    titles = [
        "You" if session.person else session.source.title if session.source else "Nobody" for session in both.sessions
    ]
    if titles[0] == titles[1]:
        return f"{('Left', 'Right')[side]}: {titles[side]}"
    return titles[side]


def _result(both: TwoPlayers) -> str:
    """Who has won the round, while its end is shown."""
    if not both.end_is_shown:
        return ""
    mine, other = both.rounds[-1]
    if mine == other:
        return f"both {number(mine)}: a draw"
    winner = _name(both, 0 if mine > other else 1)
    won = "win" if winner == "You" else "wins"
    return f"{winner} {won}, {number(max(mine, other))} to {number(min(mine, other))}"
