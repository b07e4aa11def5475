"""The units as files: how much of the machine they leave open."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_units_are_locked_in() -> None:
    """`systemd-analyze security` gives every service an exposure of 1.5 or less."""
    units = sorted(UNITS.glob("*.service"))
    assert len(units) == 3
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", *map(str, units)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Overall exposure level" in done.stdout, done.stdout + done.stderr


def test_services_share_one_confinement() -> None:
    """What one service may not do, none may."""
    parts = [unit.read_text().split("# What it may do", 1)[1].split("[Install]")[0] for unit in UNITS.glob("*.service")]
    assert len({part.strip() for part in parts}) == 1
