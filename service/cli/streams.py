"""Standard output and standard error, whatever they lead to: a full disk, a closed descriptor, an encoding without umlauts."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper

#: How writing fails: a full disk or quota, a file that may not grow, a device that is gone.
_WRITING = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def prepare() -> None:
    """Both can be written to from here on, and a character that they cannot hold becomes a question mark."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller: what is opened next would take its number, and its text
            setattr(sys, name, _nowhere(number))
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def unwritten(error: OSError) -> str:
    """What is wrong with standard output when that is what the error tells of, else "". What it still holds is dropped."""
    # Whoever writes to a file of our own says which one it was.
    if error.filename is not None or error.errno not in _WRITING:
        return ""
    silence()
    return f"The output cannot be written: {error.strerror}"


def silence() -> None:
    """From here on standard output leads nowhere, and complains of nothing at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _nowhere(number: int) -> TextIOWrapper:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
    return open(number, "w", encoding="utf-8", closefd=False)  # as long as the process
