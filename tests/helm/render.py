"""Lints and installs a chart with Helm's own engine, on a stand-in for a cluster.

    render.py CHART < values.json > answer.json

Runs in an environment of its own (`requirements.lock`), started by the tests. HELM_DRIVER=memory must be set before it
starts: the engine reads its environment when it is loaded. The answer is a JSON object:

lint      findings graver than a hint, each `SEVERITY FILE`
refused   why the installation was refused, or null; then the rest is missing
manifests the objects given to Kubernetes
notes     what is shown after the installation
invalid   what Kubernetes' own schemas say against the objects
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_sdkpy
import kubernetes_validate
import yaml
from cluster import cluster

SEVERITIES = ("unknown", "info", "warning", "error")
INFO = SEVERITIES.index("info")
#: The oldest that the chart allows, and the newest there is a schema for.
VERSIONS = ("1.30", kubernetes_validate.latest_version())


def merged(defaults: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """As Helm puts given values over the chart's own."""
    result = dict(defaults)
    for key, value in values.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


async def lint(config: helm_sdkpy.Configuration, chart: Path, values: dict[str, Any]) -> list[str]:
    """The engine's linter takes no values: it gets a copy of the chart in which they are the default."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(chart, Path(folder, chart.name)))
        if values:
            file = copy / "values.yaml"
            file.write_text(json.dumps(merged(yaml.safe_load(file.read_text()), values)))
        result = await helm_sdkpy.Lint(config).run(str(copy))
    found = [(m["Severity"], m["Path"]) for m in result["Messages"] or []]
    return [f"{SEVERITIES[severity]} {path}" for severity, path in found if severity > INFO]


async def install(config: helm_sdkpy.Configuration, chart: Path, values: dict[str, Any]) -> dict[str, Any]:
    try:
        release = await helm_sdkpy.Install(config).run("demo", str(chart), values, wait=False)
    except helm_sdkpy.InstallError as error:
        return {"refused": str(error)}
    manifests = [each for each in yaml.safe_load_all(release["manifest"]) if each]
    invalid = [finding for each in manifests for finding in objections(each)]
    return {"refused": None, "manifests": manifests, "notes": release["info"]["notes"], "invalid": invalid}


def objections(manifest: dict[str, Any]) -> Iterator[str]:
    if manifest["apiVersion"].startswith("monitoring.coreos.com/"):
        return  # not Kubernetes' own: there is no schema
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            place = "/".join(str(part) for part in error.path)
            yield f"{version} {manifest['kind']} {manifest['metadata']['name']} {place}: {error.message}"


async def answer(chart: Path, values: dict[str, Any]) -> dict[str, Any]:
    with cluster() as kubeconfig, tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(kubeconfig)
        file.flush()
        config = helm_sdkpy.Configuration(namespace="shifts", kubeconfig=file.name)
        return {"lint": await lint(config, chart, values), **await install(config, chart, values)}


if __name__ == "__main__":
    json.dump(asyncio.run(answer(Path(sys.argv[1]), json.load(sys.stdin))), sys.stdout)
