"""Make `shiftwire` runnable from this checkout: a path entry and a launcher inside the virtual environment.

An editable install would need a build backend in the runtime lock; two small files do the same.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    Path(sysconfig.get_path("purelib"), "shiftwire.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    launcher = Path(sysconfig.get_path("scripts"), "shiftwire")
    launcher.write_text(
        f"#!{sys.executable}\nimport sys\n\nfrom service.cli import main\n\nsys.exit(main())\n",
        encoding="utf-8",
    )
    launcher.chmod(0o755)


if __name__ == "__main__":
    main()
