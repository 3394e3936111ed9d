"""Every key of the TUI, once: the screens bind these tables, the key bar and the help page show them.

Each binding has an id, by which a person's preferences give it another key (keymap.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.binding import Binding, BindingType


def _key(
    id: str,
    key: str,
    action: str,
    text: str,
    help: str,
    *,
    shown: str | None = None,
    bar: bool = True,
    first: bool = False,
) -> Binding:
    return Binding(key, action, text, show=bar, key_display=shown, tooltip=help, id=id, priority=first)


EVERYWHERE: list[BindingType] = [
    _key("app.palette", "ctrl+p", "command_palette", "palette", "Everything that can be done, by name", shown="^p"),
    _key("app.help", "question_mark", "show_help", "help", "This list of keys", shown="?"),
    _key("app.quit", "ctrl+q", "quit", "quit", "Leave; a run in training is saved first", shown="^q", first=True),
]

EVERYWHERE_TOO: list[BindingType] = [
    replace(binding, action=f"app.{binding.action}") for binding in EVERYWHERE[:2] if isinstance(binding, Binding)
]
"""The same for modal screens, to which the app's keys do not come; those that come first anyway left out."""

HOME: list[BindingType] = [
    _key("home.train", "enter,t", "train", "train", "Train an agent on the chosen game", shown="↵/t"),
    _key("home.train_slowly", "T", "train_slowly", "slowly", "Train slowly enough to follow (+ speeds it up)"),
    _key("home.demo", "d", "demo", "demo", "Watch the best saved agent of the chosen game"),
    _key("home.before", "b", "before", "past", "Watch the saved agent beside what it was before it learned"),
    _key("home.play", "p", "play", "play", "Play the chosen game yourself, in the window"),
    _key("home.configure", "c", "configure", "settings", "Choose preset and settings, then train"),
    _key("home.models", "m", "models", "models", "Saved models, shipped and your own"),
    _key("home.runs", "r", "runs", "runs", "Runs: resume or watch one"),
    _key("home.experiments", "x", "experiments", "experiments", "Three questions about DQN, answered by real runs"),
]

TRAINING: list[BindingType] = [
    _key("training.pause", "space", "pause", "pause", "Pause the training, or go on", shown="space"),
    _key("training.window", "w", "window", "window", "Open or close the window on the agent"),
    _key("training.view", "v", "view", "view", "The agent in the terminal: large, hidden, beside the curves"),
    _key("training.save", "s", "save", "save", "Save the agent as it is now"),
    _key("training.evaluate", "e", "evaluate", "evaluate", "Score the agent now, without exploration"),
    _key(
        "training.epsilon_down",
        "left_square_bracket",
        "epsilon(False)",
        "ε-",
        "Explore less: epsilon down by 0.05",
        shown="[",
    ),
    _key(
        "training.epsilon_up",
        "right_square_bracket",
        "epsilon(True)",
        "ε+",
        "Explore more: epsilon up by 0.05",
        shown="]",
    ),
    _key("training.epsilon_auto", "0", "epsilon_auto", "ε auto", "Give epsilon back to its schedule"),
    _key("training.slower", "minus", "speed(False)", "slower", "Train slower, to watch it learn", shown="-"),
    _key("training.faster", "plus", "speed(True)", "faster", "Train faster, up to no limit", shown="+"),
    _key("training.stages", "k", "stages", "saved steps", "The saved steps of this run: before and after"),
    _key("training.replay", "i", "replay", "replay", "Look into the replay buffer: contents and transitions"),
    _key("training.controls", "c", "controls", "controls", "Epsilon, learning rate, target period, updates, speed"),
    _key("training.back", "escape", "back", "back", "Back; the training goes on", shown="esc"),
    _key("training.stop", "ctrl+x", "stop", "stop", "Stop the training and save", shown="^x"),
]

CONTROLS: list[BindingType] = [
    _key("controls.up", "up,k", "choose(-1)", "choose", "The control above", shown="↑"),
    _key("controls.down", "down,j", "choose(1)", "choose", "The control below", shown="↓"),
    _key("controls.lower", "left,minus", "move(False)", "lower", "Lower its value", shown="←"),
    _key("controls.raise", "right,plus", "move(True)", "raise", "Raise its value", shown="→"),
    _key("controls.type", "enter", "type", "type", "Type a value", shown="↵"),
    _key("controls.own", "0", "own", "own value", "Epsilon back to its schedule; others to the run's own setting"),
    _key("controls.back", "escape,c", "back", "close", "Back to the training", shown="esc"),
]

REPLAY: list[BindingType] = [
    _key("replay.older", "left", "go(-1)", "older", "The transition before", shown="←"),
    _key("replay.newer", "right", "go(1)", "newer", "The transition after", shown="→"),
    _key(
        "replay.much_older", "pageup", "go(-100)", "100 older", "A hundred transitions older", shown="PgUp", bar=False
    ),
    _key(
        "replay.much_newer", "pagedown", "go(100)", "100 newer", "A hundred transitions newer", shown="PgDn", bar=False
    ),
    _key("replay.oldest", "home", "edge(False)", "oldest", "The oldest transition that is still there", shown="Home"),
    _key("replay.newest", "end", "edge(True)", "newest", "The newest transition", shown="End"),
    _key("replay.end", "e", "jump('end')", "episode end", "The next older transition that ends in a terminal state"),
    _key("replay.reward", "r", "jump('reward')", "reward", "The next older transition with a reward"),
    _key("replay.surprise", "s", "jump('surprise')", "surprise", "The largest TD error of a sample"),
    _key("replay.follow", "f", "follow", "follow", "Follow the newest transition"),
    _key("replay.back", "escape,i", "back", "back", "Back to the training", shown="esc"),
]

MODELS: list[BindingType] = [
    _key("models.play", "enter,d", "play_model", "watch", "Watch the chosen model play", shown="↵"),
    _key("models.terminal", "v", "play_in_terminal", "in terminal", "Watch it here in the terminal"),
    _key("models.stages", "k", "stages", "saved steps", "The saved steps on its way: before and after"),
    _key("models.refresh", "f5", "refresh", "refresh", "Look through the folders again", shown="F5"),
    _key("models.back", "escape", "back", "back", "Back to the games", shown="esc"),
]

RUNS: list[BindingType] = [
    _key("runs.resume", "enter,r", "resume", "resume", "Go on with the chosen run", shown="↵/r"),
    _key("runs.watch", "w", "watch", "window", "Watch the chosen run's agent in the window"),
    _key("runs.view", "v", "view", "in terminal", "Watch the chosen run's agent here"),
    _key("runs.stages", "k", "stages", "saved steps", "The run's saved steps: watch one, or two side by side"),
    _key("runs.mark", "space", "mark", "mark", "Mark the run, to compare it with others", shown="space"),
    _key("runs.compare", "c", "compare", "compare", "Compare the curves of the marked runs"),
    _key("runs.filter", "slash", "filter", "filter", "Show only runs with these words", shown="/"),
    _key("runs.order", "o", "order", "order", "Another order: newest, by name, best, most steps, by state"),
    _key("runs.rename", "n", "rename", "rename", "Give the run another name"),
    _key("runs.trash", "delete", "trash", "trash", "Move the run to the trash folder", shown="del"),
    _key("runs.tensorboard", "b", "tensorboard", "TensorBoard", "Copy the command that opens the runs in TensorBoard"),
    _key("runs.refresh", "f5", "refresh", "refresh", "Look through the folder again", shown="F5", bar=False),
    _key("runs.back", "escape", "back", "back", "Back to the games", shown="esc"),
]

STAGES: list[BindingType] = [
    _key("stages.play", "enter,d", "play", "watch", "Watch the chosen saved step play", shown="↵"),
    _key("stages.mark", "space", "mark", "mark", "Mark the saved step as A, another one as B", shown="space"),
    _key("stages.beside", "b", "beside", "side by side", "Before and after: A and B, or the first and the chosen one"),
    _key("stages.terminal", "v", "play_in_terminal", "in terminal", "Watch it here in the terminal"),
    _key("stages.back", "escape,k", "back", "back", "Back to where you were", shown="esc"),
]

COMPARE: list[BindingType] = [
    _key("compare.axis", "x", "axis", "steps/time", "Over steps, or over seconds of training"),
    _key(
        "compare.view",
        "v",
        "view",
        "returns/scores",
        "Returns of the runs, or evaluations with their spread over seeds",
    ),
    _key("compare.less", "left,left_square_bracket", "smooth(False)", "rougher", "Less smoothing", shown="←"),
    _key("compare.more", "right,right_square_bracket", "smooth(True)", "smoother", "More smoothing", shown="→"),
    _key("compare.back", "escape", "back", "back", "Back to the runs", shown="esc"),
]

DEMO: list[BindingType] = [  # their ids stay: preferences name them
    _key("theatre.pause", "space", "pause", "pause", "Stop the picture, or go on", shown="space"),
    _key("theatre.back", "escape,q", "back", "back", "Leave the demo", shown="esc"),
]

SETTINGS: list[BindingType] = [
    _key("settings.train", "ctrl+t", "train", "train", "Train with these settings", shown="^t", first=True),
    _key(
        "settings.copy",
        "ctrl+y",
        "copy",
        "copy command",
        "Copy the command line that trains with these settings",
        shown="^y",
        first=True,
    ),
    _key("settings.back", "escape", "back", "back", "Back to the games", shown="esc"),
]

EXPERIMENTS: list[BindingType] = [
    _key("experiments.begin", "enter,s", "begin", "start", "Start the experiment, or go on with it", shown="↵/s"),
    _key(
        "experiments.stop", "ctrl+x", "stop", "stop", "Stop the running experiment; it can be gone on with", shown="^x"
    ),
    _key("experiments.first", "1", "ask(0)", "replay", "What does experience replay do? Start it, or go on", bar=False),
    _key(
        "experiments.second", "2", "ask(1)", "target", "What does the target network do? Start it, or go on", bar=False
    ),
    _key("experiments.third", "3", "ask(2)", "size", "How large should the buffer be? Start it, or go on", bar=False),
    _key("experiments.report", "r", "report", "report", "Write the report again: a picture, and the same in words"),
    _key("experiments.back", "escape", "back", "back", "Back to the games; the experiment goes on", shown="esc"),
]

HELP: list[BindingType] = [_key("help.back", "escape,q", "back", "back", "Back to where you were", shown="esc")]

EVERYWHERE_PLACE = "Everywhere"
FIRST_PLACE = "Games"
SECTIONS: Mapping[str, list[BindingType]] = {
    EVERYWHERE_PLACE: EVERYWHERE,
    FIRST_PLACE: HOME,
    "Training": TRAINING,
    "Controls of a training": CONTROLS,
    "Replay buffer": REPLAY,
    "Models": MODELS,
    "Runs": RUNS,
    "Saved steps of a run": STAGES,
    "Comparison of runs": COMPARE,
    "Settings": SETTINGS,
    "Experiments": EXPERIMENTS,
    "Demo in the terminal": DEMO,
}
"""All keys by the place where they work, for the help page."""


def place_of(bindings: object) -> str | None:
    """The place whose keys these are, as the help page calls it; None if it has none there."""
    return next((place for place, section in SECTIONS.items() if section is bindings), None)


BY_ID: Mapping[str, Binding] = {
    binding.id: binding
    for section in SECTIONS.values()
    for binding in section
    if isinstance(binding, Binding) and binding.id is not None
}
