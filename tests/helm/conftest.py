"""Helm's own engine, in an environment of its own: it needs Python 3.12, the rest of the project does not."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHART = ROOT / "helm"
LOCK = HERE / "requirements.lock"
ENVIRONMENTS = ROOT / ".venv-helm"
SECONDS = 300


@dataclass(frozen=True)
class Rendered:
    """What became of a chart with some values; `refused` says why nothing did."""

    lint: list[str]
    refused: str | None
    manifests: list[dict[str, Any]] = field(default_factory=list)
    notes: str = ""
    invalid: list[str] = field(default_factory=list)

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Name → object of a kind."""
        return {each["metadata"]["name"]: each for each in self.manifests if each["kind"] == kind}

    def pods(self) -> dict[str, dict[str, Any]]:
        """Component → specification of its pods."""
        return {
            each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: each["spec"][
                "template"
            ]["spec"]
            for each in self.of("Deployment").values()
        }

    def containers(self) -> dict[str, dict[str, Any]]:
        """Component → its container."""
        return {component: pod["containers"][0] for component, pod in self.pods().items()}

    def configuration(self) -> dict[str, Any]:
        (config,) = self.of("ConfigMap").values()
        return dict(yaml.safe_load(config["data"]["shiftwire.yaml"]))


Render = Callable[..., Rendered]


def read_values(path: Path) -> dict[str, Any]:
    """As Helm reads YAML: a date is a text."""
    return dict(json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str)))


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """`render(values)` lints the chart and installs it on a stand-in for a cluster."""
    python = _environment()
    home = str(tmp_path_factory.mktemp("helm"))
    environ = (
        os.environ | {"HELM_DRIVER": "memory"} | {f"HELM_{n}_HOME": home for n in ("CACHE", "CONFIG", "DATA")}
    )

    @functools.cache
    def rendered(values: str) -> Rendered:
        command = [str(python), str(HERE / "render.py"), str(CHART)]
        done = subprocess.run(
            command, input=values, capture_output=True, text=True, env=environ, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return Rendered(**json.loads(done.stdout))

    return lambda values=None: rendered(json.dumps(values or {}))


@pytest.fixture
def values() -> dict[str, Any]:
    return read_values(CHART / "values.yaml")


@pytest.fixture(scope="session")
def full_values() -> dict[str, Any]:
    return read_values(CHART / "ci" / "full-values.yaml")


@pytest.fixture(scope="session")
def default(render: Render) -> Rendered:
    return render()


@pytest.fixture(scope="session")
def full(render: Render, full_values: dict[str, Any]) -> Rendered:
    return render(full_values)


def _environment() -> Path:
    """The interpreter beside the packages of the lock file; made once for each state of the lock file."""
    folder = ENVIRONMENTS / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    python = folder / "bin" / "python"
    if not python.exists():
        interpreter = next(_interpreters(), None)
        if interpreter is None:
            _missing("no Python 3.12 or newer on the path")
        _make(interpreter, folder)
    return python


def _make(interpreter: str, folder: Path) -> None:
    """Appears under its name only when it is complete: tests may run side by side."""
    for old in ENVIRONMENTS.glob("*"):
        if not old.name.startswith(folder.name):
            shutil.rmtree(old, ignore_errors=True)
    building = folder.with_name(f"{folder.name}.{os.getpid()}")
    python = str(building / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    for command in (
        [interpreter, "-m", "venv", str(building)],
        [*pip, "--require-hashes", "-r", str(LOCK)],
        [python, "-c", "import helm_sdkpy; helm_sdkpy.get_version()"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode != 0:
            shutil.rmtree(building, ignore_errors=True)
            _missing(f"Helm's engine cannot be installed: {done.stderr.strip()[-500:]}")
    try:
        building.rename(folder)
    except OSError:  # another one was quicker
        shutil.rmtree(building)


def _interpreters() -> Iterator[str]:
    """Those that really run: a name on the path may be a shim of a version that is not switched on."""
    names = ("python3.12", "python3.13", "python3.14")
    for path in (sys.executable, *filter(None, map(shutil.which, names)), *_of_pyenv()):
        check = [path, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"]
        if subprocess.run(check, capture_output=True, timeout=30, check=False).returncode == 0:
            yield path


def _of_pyenv() -> Iterator[str]:
    """A version that pyenv has without having it switched on."""
    if pyenv := shutil.which("pyenv"):
        found = subprocess.run(
            [pyenv, "prefix", "3.12"], capture_output=True, text=True, timeout=30, check=False
        )
        if found.returncode == 0:
            yield f"{found.stdout.strip()}/bin/python3.12"


def _missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
