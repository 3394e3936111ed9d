"""Settings by the names that people know."""

from __future__ import annotations

import pytest

from arcade_dqn.config import SettingsError, build, get_setting, setting_table
from arcade_dqn.config.names import _CALLED_ELSEWHERE


def test_what_others_call_a_setting_leads_to_one_that_exists() -> None:
    assert set(_CALLED_ELSEWHERE.values()) <= set(setting_table())


def test_get_setting_by_its_dotted_name() -> None:
    assert get_setting(build("x", {}), "learning.batch_size") == 64
    with pytest.raises(SettingsError):
        get_setting(build("x", {}), "learning.size")
