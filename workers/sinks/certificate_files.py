"""Files with certificates and keys, named in the options of a sink."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema


def _there(path: Path) -> Path:
    """Whether it can be read, and holds what it should, the sink sees when it is made."""
    if not path.exists():
        raise ValueError(
            "there is no such file here. A path that does not begin with / is looked for in the working folder"
        )
    if not path.is_file():
        raise ValueError("is a folder, where a PEM file is needed")
    return path


CertificateFile = Annotated[
    Path, AfterValidator(_there), WithJsonSchema({"type": "string", "format": "file-path"})
]
