"""Packs what stands at the top level of a checkout into the wheel. An editable install finds it in the checkout."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackShippedFolders(BuildHookInterface[Any]):
    """`assets/` becomes `arcade_dqn/_assets`, `saved_models/` becomes `arcade_dqn/_saved_models` (storage.paths)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            for folder in ("assets", "saved_models"):
                build_data["force_include"][folder] = f"arcade_dqn/_{folder}"
