"""The house stays in order: docs and code say the same, the wheel holds all it needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_readme_names_commands_that_exist() -> None:
    """Every `watcher …` command of README and docs is one of the command line."""
    from watcher.cli import app

    known = {one.name for one in (*app.registered_commands, *app.registered_groups)}
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for name in re.findall(r"^\s*(?:\$ )?watcher (?:--config \S+ )?([a-z][a-z-]+)", path.read_text(), re.MULTILINE):
            assert name in known, f"{path.name}: watcher {name}"


def test_files_are_short() -> None:
    """A file of one idea has at most 400 lines."""
    long = {path.name for path in (ROOT / "watcher").rglob("*.py") if len(path.read_text().splitlines()) > 400}
    assert not long


def test_every_yaml_in_the_docs_is_valid(tmp_path: Path) -> None:
    """The rules.yaml examples of README and docs are accepted as they are."""
    from watcher.config import load

    blocks = [
        block
        for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for block in re.findall(r"```yaml\n(version: 1.*?)```", path.read_text(), re.DOTALL)
    ]
    assert blocks
    for block in blocks:
        (tmp_path / "rules.yaml").write_text(block)
        load(tmp_path / "rules.yaml", {"SECTORS_API_KEY": "k", "DESK_URL": "json://x", "MAIL_URL": "json://x"})


def test_nothing_runs_a_shell_or_trusts_a_pickle() -> None:
    """No module starts a program, evaluates text, unpickles, or lets YAML make objects; jinja2 is sandboxed."""
    import ast

    modules = {"subprocess", "pickle", "marshal", "shelve", "dill", "pty", "commands"}
    calls = {"eval", "exec", "compile", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}
    calls |= {"jinja2.Environment", "Environment", "asyncio.create_subprocess_shell", "asyncio.create_subprocess_exec"}
    for path in (ROOT / "watcher").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            used: set[str] = set()
            if isinstance(node, ast.Import):
                used = {name.name.partition(".")[0] for name in node.names} & modules
            elif isinstance(node, ast.ImportFrom):
                used = {(node.module or "").partition(".")[0]} & modules
            elif isinstance(node, ast.Call):
                used = {ast.unparse(node.func)} & calls
            if path.name == "render.py" and path.parent.name == "web":
                used -= {"jinja2.Environment"}  # of the pages, which are ours alone; messages may be the user's
            assert not used, f"{path.relative_to(ROOT)}: {used}"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built through the sdist and unpacked where no checkout is."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(pip, check=True, capture_output=True, timeout=120)
    return target


def test_the_wheel_holds_all_it_needs(installed: Path, tmp_path: Path) -> None:
    """Installed, in an empty folder: templates, sandbox data and starter files are there, and the demo runs."""
    assert (installed / "watcher" / "templates" / "message.md.j2").exists() and (
        installed / "watcher" / "py.typed"
    ).exists()
    for part in ("templates/base.html.j2", "static/style.css", "static/icon.svg", "outlines.json"):
        assert (installed / "watcher" / "web" / part).exists()
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    where = subprocess.run(
        [sys.executable, "-c", "import watcher; print(watcher.__file__)"], cwd=tmp_path, env=environ,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(installed))
    for command in (["init"], ["check"], ["demo"]):
        done = subprocess.run(
            [sys.executable, "-m", "watcher", *command], cwd=tmp_path, env=environ, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
