"""What the agent thinks and sees, prepared for the panel: which view is open, and its plain values. Draws nothing."""

from __future__ import annotations

import numpy as np

from arcade_dqn.acting import saliency
from arcade_dqn.acting.layers import is_stacked
from arcade_dqn.acting.policy import Policy, softmax
from arcade_dqn.games.families import family_of
from arcade_dqn.games.info import GameInfo
from arcade_dqn.stage.player import Scene
from arcade_dqn.window.panel.state import Bar, SaliencyMap, Tile, View
from arcade_dqn.window.panel.views.distributions import AxisRange, atoms, quantiles

VIEWS = ("q_values", "over_time", "returns", "chances", "inputs", "sees")
"""The views in the order in which a key goes through them; each is a command of `keys.BINDINGS` too."""
PROBE_SECONDS = 0.002
"""Of each window frame, for finding out which inputs move the choice."""
MOST_BARS = 24
"""Numbers that one view has room for."""

_NO_AGENT = "There is no agent yet to look into."
_MEANS_ONLY = (
    "This agent learns only the mean of each return: its network ends in one number an action. "
    "Agents with network.head = c51 or qr learn the whole distribution."
)


class AgentViews:
    """Which view is open, and what it has to show."""

    def __init__(self, info: GameInfo) -> None:
        self.name = "q_values"
        self._info = info
        self._usual = saliency.Usual()
        self._background = saliency.Background()
        self._most_seen: np.ndarray | None = None
        self._returns = AxisRange(from_zero=False)
        self._effects = AxisRange(from_zero=True, narrowing=0.03)
        self._probe: saliency.Probe | None = None
        self._probed: Scene | None = None
        self._finished: saliency.Probe | None = None
        self._saliency: SaliencyMap | None = None
        self._kept: tuple[tuple[object, ...], Scene | None, View] | None = None

    # --- which view ---

    def choose(self, name: str) -> None:
        """Open a view; of the open one, go back to the Q-values. The Q-values themselves can be put away."""
        if name == self.name:
            self.name = "" if name == "q_values" else "q_values"
        else:
            self.name = name

    def next(self) -> None:
        """Open the view after this one."""
        self.name = VIEWS[(VIEWS.index(self.name) + 1) % len(VIEWS)] if self.name else VIEWS[0]

    # --- what it takes ---

    def see(self, scene: Scene) -> None:
        """Remember what observations look like; for scenes that are shown."""
        newest = scene.newest
        if newest.dtype == np.uint8:
            self._background.see(newest)
        elif newest.ndim == 1:
            self._usual.see(newest)
            size = np.abs(newest)
            self._most_seen = size if self._most_seen is None else np.maximum(self._most_seen, size)

    def work(self, policy: Policy | None, scene: Scene, seconds: float | None) -> None:
        """Work for about `seconds` (None: until it is done) on what the open view needs; most need nothing."""
        if self.name != "inputs" or policy is None:
            return
        if self._probe is None:
            if scene is self._probed:
                return
            self._probed = scene
            self._probe = self._new_probe(policy, scene.newest)
        if self._probe.work(seconds):
            self._finish(self._probe)
            self._probe = None

    def _new_probe(self, policy: Policy, seen: np.ndarray) -> saliency.Probe:
        action = policy.greedy(seen)
        if seen.ndim == 1:
            typical = self._usual.deviation
            return saliency.numbers(policy, seen, action, np.zeros_like(seen) if typical is None else typical)
        usual = self._background.picture
        return saliency.picture(policy, seen, action, _frame(seen) if usual is None else usual)

    def _finish(self, probe: saliency.Probe) -> None:
        self._finished = probe
        effects, seen = np.nan_to_num(probe.effects), probe.observation
        # Below that, it is the rounding of the forward pass.
        least = 1e-4 * max(1.0, abs(probe.value))
        low, high = self._effects.fit(min(-least, float(effects.min())), max(least, float(effects.max())))
        if seen.ndim == 1:
            return
        height, width = _frame(seen).shape[:2]
        rows, columns = effects.shape
        sharp = seen.dtype == np.bool_
        side = 1 if sharp else saliency.patch_side(height, width)
        # Where people may be shown anything else, the agent's own picture is laid under what it looks at.
        frame = None if family_of(self._info).pictures_match else np.asarray(_frame(seen))
        self._saliency = SaliencyMap(
            effects, max(high, -low), (columns * side / width, rows * side / height), sharp, frame
        )

    # --- what is shown ---

    def view(self, policy: Policy | None, scene: Scene | None, epsilon: float, temperature: float | None) -> View:
        """The open view at `scene`. `temperature` is that of a Munchausen agent's softmax policy."""
        key = (self.name, id(policy), id(scene), epsilon, temperature, id(self._finished))
        if self._kept is None or self._kept[0] != key:
            # The scene is kept along, or another one could come to stand in its place in memory.
            self._kept = (key, scene, self._view(policy, scene, epsilon, temperature))
        return self._kept[2]

    def _view(self, policy: Policy | None, scene: Scene | None, epsilon: float, temperature: float | None) -> View:
        if self.name == "sees":
            return self._sees(scene)
        if self.name in ("", "q_values"):
            return View(self.name)
        heading = {
            "over_time": "Q-VALUES OVER TIME",
            "returns": "DISTRIBUTION OF RETURNS",
            "chances": "CHANCE OF EACH ACTION",
            "inputs": "WHAT MOVES THE CHOICE",
        }[self.name]
        if policy is None or scene is None or scene.q_values is None:
            return View(self.name, heading, sentence=_NO_AGENT)
        match self.name:
            case "returns":
                return self._distribution(policy, scene, heading)
            case "chances":
                return _chances(policy, scene.q_values, epsilon, temperature, heading)
            case "inputs":
                return self._inputs(heading)
            case _:
                return View(self.name, heading)

    def _distribution(self, policy: Policy, scene: Scene, heading: str) -> View:
        found = policy.distribution(scene.observation[None])
        if found is None:
            return View("returns", heading, sentence=_MEANS_ONLY)
        if not (np.isfinite(found.returns).all() and np.isfinite(found.probabilities).all()):
            return View("returns", heading, sentence="The network gives no numbers any more.")
        if policy.network.head == "c51":
            note, shown = f"{policy.network.atoms} atoms", atoms(found, self._returns)
        else:
            note, shown = f"{policy.network.atoms} quantiles", quantiles(found, self._returns)
        return View("returns", heading, note, returns=shown)

    def _inputs(self, heading: str) -> View:
        probe = self._finished
        if probe is None:
            return View("inputs", heading)
        action = self._info.actions[probe.action] if probe.action < len(self._info.actions) else str(probe.action)
        heading = f"WHAT MOVES Q OF {action.upper()}"
        if probe.observation.ndim > 1:
            sharp = probe.observation.dtype == np.bool_
            sentence = (
                "How far Q falls when a cell is emptied: what stands there raised it."
                if sharp
                else "How far Q falls when a place is made as it usually is: what is seen there raised it."
            )
            return View("inputs", heading, f"Q is {probe.value:.2f}", sentence, saliency=self._saliency)
        if not probe.effects.any():
            return View("inputs", heading, sentence="It has not seen enough yet to know a usual change of each number.")
        span = self._effects.bounds or (-1e-6, 1e-6)
        size = max(-span[0], span[1])
        order = np.arange(probe.effects.size)
        if order.size > MOST_BARS:
            order = np.sort(np.argsort(-np.abs(probe.effects), kind="stable")[:MOST_BARS])
        bars = tuple(
            Bar(self._input_name(number), float(probe.effects[number]), (-size, size)) for number in order.tolist()
        )
        more = probe.effects.size - len(bars)
        note = f"{more} weaker ones not shown" if more else f"Q is {probe.value:.2f}"
        return View("inputs", heading, note, "By how much a usual rise of each number raises Q.", bars=bars)

    def _sees(self, scene: Scene | None) -> View:
        heading = "WHAT THE AGENT SEES"
        if scene is None:
            return View("sees", heading, sentence="Nothing yet.")
        seen = scene.newest
        if seen.ndim == 1:
            most = np.abs(seen) if self._most_seen is None else self._most_seen
            bars = tuple(
                Bar(self._input_name(number), value, (-size, size))
                for number, (value, size) in enumerate(
                    zip(seen[:MOST_BARS].tolist(), np.maximum(most, 1e-6).tolist(), strict=False)
                )
            )
            more = f", the first {len(bars)}" if len(bars) < seen.size else ""
            return View("sees", heading, f"{seen.size} numbers{more}", bars=bars)
        if seen.dtype == np.bool_:
            planes = seen.transpose(2, 0, 1).astype(np.uint8) * np.uint8(230)
            names = tuple(self._input_name(channel) for channel in range(len(planes)))
            note = f"{seen.shape[0]} x {seen.shape[1]} cells, {len(planes)} kinds"
        else:
            planes = seen if is_stacked(seen.shape) else seen.reshape(1, *seen.shape[:2])
            last = len(planes) - 1
            names = tuple("now" if age == last else f"{age - last}" for age in range(len(planes)))
            note = f"{seen.shape[-2]} x {seen.shape[-1]} grey, {len(planes)} frames"
        return View("sees", heading, note, tiles=tuple(map(Tile, names, planes)))

    def _input_name(self, number: int) -> str:
        return self._info.inputs[number] if number < len(self._info.inputs) else f"number {number + 1}"


def _chances(policy: Policy, q_values: np.ndarray, epsilon: float, temperature: float | None, heading: str) -> View:
    chances = np.full(len(q_values), epsilon / len(q_values))
    chances[int(q_values.argmax())] += 1 - epsilon
    soft: tuple[float, ...] = ()
    sentence = (
        f"Greedy, but with epsilon = {epsilon:.3f} any action at random." if epsilon else "Always the greedy one."
    )
    if temperature is not None:
        soft = tuple(softmax(q_values / np.float32(temperature)).tolist())
        sentence += f" The ticks: its soft policy, temperature {temperature:g}."
    elif policy.network.noisy:
        sentence += " In training, noise in its weights explores as well."
    return View("chances", heading, "", sentence, chances=tuple(chances.tolist()), soft=soft)


def _frame(seen: np.ndarray) -> np.ndarray:
    """The newest frame of a picture observation."""
    frame: np.ndarray = seen[-1] if is_stacked(seen.shape) else seen
    return frame
