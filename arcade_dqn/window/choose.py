"""From the program's arguments to a session: whom to watch, and who plays beside whom."""

from __future__ import annotations

import secrets

from arcade_dqn.config import build
from arcade_dqn.errors import UsageError
from arcade_dqn.games.arguments import typed
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Game
from arcade_dqn.games.info import GameInfo
from arcade_dqn.games.make import make
from arcade_dqn.stage.source import EARLIER, SavedModel, Source, SourceError, best_model, earlier, open_source
from arcade_dqn.window.input.keys import game_keys
from arcade_dqn.window.options import Options
from arcade_dqn.window.session import Session
from arcade_dqn.window.two_players.rounds import TwoPlayers, check_same_game, other_rules


def what_to_show(options: Options) -> tuple[Source, ...]:
    """Whom to watch: two agents side by side, one agent, or in a person's play the game's best one if there is any."""
    if options.target is not None:
        source = open_source(options.target, options.runs_dir)
        if options.beside is None:
            return (source,)
        if options.beside in EARLIER:
            return source, earlier(source, options.beside)
        other = open_source(options.beside, options.runs_dir)
        check_same_game(source, other)
        return source, other
    assert options.play is not None
    try:
        return (SavedModel(best_model(find(options.play), options.runs_dir)),)
    except SourceError:
        return ()


def _bare_game(info: GameInfo) -> Game:
    """The game as its default preset has it, for a person alone."""
    environment = build(info.id, info.preset).environment
    return make(info, environment.model_copy(update={"arguments": typed()}), render=True)


def make_session(sources: tuple[Source, ...], info: GameInfo, options: Options) -> Session | TwoPlayers:
    """The session, or two side by side: two agents, or a person and the saved agent."""
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    person = options.play is not None

    def session(source: Source | None, *, person: bool = False) -> Session:
        game = source.make_game() if source else _bare_game(info)
        if person and not game_keys(game.info):
            game.close()
            raise UsageError(f"{info.title} has no keys to play it with; `arcade-dqn watch` shows its agent")
        return Session(game, source, seed=seed, speed=options.speed, greedy=options.greedy, person=person)

    if not sources:
        # A person needs no agent.
        return session(None, person=person)
    if len(sources) == 1 and not person:
        return session(sources[0])
    left = session(sources[0], person=person)
    try:
        both = TwoPlayers(left, session(sources[-1]))
    except BaseException:
        left.close()
        raise
    rules = other_rules(info, sources[0].environment, sources[-1].environment)
    if rules:
        both.say(rules)
    return both
