"""An attempt run in a process of its own, with limits of time and memory."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from paradigms.site.practice import runner

SECONDS = 10.0
MEGABYTES = 1024
_TORCH_SECONDS = 50.0  # its import, on a slow disk
# Run by the process before the attempt: what it may use beside what it uses by now.
_LIMITED = """
import runpy, sys
megabytes, runner, *arguments = sys.argv[1:]
if "tensors" in arguments[3:]:
    import torch
try:
    import resource
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    limit = used + int(megabytes) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, OSError, ValueError):
    pass
sys.argv = [runner, *arguments]
runpy.run_path(runner, run_name="__main__")
"""


def run(
    attempt: str,
    tests: str,
    tensors: bool = False,
    seconds: float = SECONDS,
    megabytes: int = MEGABYTES,
) -> dict[str, Any]:
    """As `runner.run`; status `stopped` if the attempt exceeds a limit or crashes.

    The limit of memory holds on Linux; elsewhere that of time has to do.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("attempt.py", "test_task.py")]
        for path, text in zip(paths, (attempt, tests), strict=True):
            path.write_text(text, "utf8")
        result = Path(folder, "result.json")
        words = [str(megabytes), runner.__file__, *map(str, [*paths, result])]
        words += ["tensors"] * tensors
        command = [sys.executable, "-P", "-c", _LIMITED, *words]
        code = _wait(command, folder, seconds + _TORCH_SECONDS * tensors)
        try:
            answer: dict[str, Any] = json.loads(result.read_text("utf8"))
        except (OSError, ValueError):
            return {**_nothing(), "message": _why(code, seconds, megabytes)}
        return answer


def _wait(command: list[str], folder: str, seconds: float) -> int | None:
    """The exit code of a command; None if it had to be stopped."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process, and on POSIX those that it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _nothing() -> dict[str, Any]:
    """The result of a run that gave none."""
    empty = dict.fromkeys(("test", "case", "expected", "got", "output"), "")
    counts = {"passed": 0, "tests": 0, "cut": False}
    return {"status": "stopped", **empty, "traceback": [], **counts}


def _why(code: int | None, seconds: float, megabytes: int) -> str:
    """Why there is no result, in one line."""
    if code is None:
        return f"stopped after {seconds:g} seconds: look for a loop that does not end"
    if code < 0:
        return (
            f"the program ended Python itself (signal {-code}): look for recursion "
            f"without end, or for more than {megabytes} MB of memory"
        )
    return f"the program ended Python itself (exit code {code})"
