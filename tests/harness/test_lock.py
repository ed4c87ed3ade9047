"""The lock and the set-up that reads it."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import setup

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """The pinned version of every package of a lock file."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return {canonicalize_name(package): version for package, version in _PIN.findall(text)}


def requirements(*, development: bool) -> list[Requirement]:
    """What pyproject.toml asks for."""
    texts = list(PROJECT["project"]["dependencies"])
    if development:
        texts += [text for extra in PROJECT["project"]["optional-dependencies"].values() for text in extra]
        texts += PROJECT["dependency-groups"]["dev"]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("name", ["core.txt", "dev.txt"])
def test_the_lock_holds_what_the_project_asks_for(name: str) -> None:
    """Every requirement is pinned to a version that it allows; `make lock` mends what is not."""
    pinned = pins(name)
    for requirement in requirements(development=name == "dev.txt"):
        version = pinned.get(canonicalize_name(requirement.name), "missing")
        assert version != "missing", requirement.name
        assert requirement.specifier.contains(version), requirement.name


@pytest.mark.parametrize("name", ["core.txt", "build.txt"])
def test_what_runs_is_what_was_tested(name: str) -> None:
    """Core and build pin the very versions that the development lock pins."""
    tested = pins("dev.txt")
    assert {
        package: version for package, version in pins(name).items() if tested.get(package, version) != version
    } == {}


@pytest.mark.parametrize("name", ["core.txt", "build.txt", "dev.txt"])
def test_the_lock_names_hashes_and_no_address(name: str) -> None:
    """Each package carries hashes; no line says where packages are to be had."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.search(r"https?:|file:|--index-url|--find-links", text) is None


def test_set_up_is_done_again_when_the_lock_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stamp of an environment stands for the lock and the project's own requirements, nothing else."""
    for name in ("pyproject.toml", "requirements/dev.txt", "requirements/core.txt", "requirements/build.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    assert not setup.up_to_date("core")
    (tmp_path / ".venv" / ".troth-dev").write_text(setup.wanted("dev"))
    assert setup.up_to_date("core")
    assert setup.up_to_date("dev")
    with (tmp_path / "pyproject.toml").open("a") as file:
        file.write("\n[tool.other]\nx = 1\n")
    assert setup.up_to_date("dev")
    with (tmp_path / "requirements" / "dev.txt").open("a") as file:
        file.write("# changed\n")
    assert not setup.up_to_date("dev")
