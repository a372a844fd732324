"""MkDocs in processes of its own: a build and what it costs, a server for edits."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from paradigms.site.working_copy import environment

LIVE_RELOAD = re.compile(
    rb"<script>(?:(?!</script>).)*livereload\(\d+, \d+\);\s*</script>", re.S
)
PATIENCE = 300  # seconds until a page that does not come is an error

# In the background of a shell Ctrl-C is ignored, and a server would inherit that.
MKDOCS = """\
import signal
from mkdocs.__main__ import cli
signal.signal(signal.SIGINT, signal.default_int_handler)
cli()
"""

# The kernel's `ru_maxrss` of a process includes the memory of the one that started it.
BUILD = """\
import re
from pathlib import Path
from mkdocs.__main__ import cli
try:
    cli(["build", "-d", "built"])
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
    Path(".cache/memory.txt").write_text(peak)
"""


class Cost(NamedTuple):
    """Processor seconds, and the largest resident memory of MkDocs in bytes."""

    seconds: float
    memory: int


def build(folder: Path) -> Cost:
    """Build the site of `folder` into its `built`, on Linux.

    The time of processes that it starts counts too.
    Errors: ValueError with the end of what MkDocs printed.
    """
    log = _logs(folder) / "build.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", BUILD],
            cwd=folder, env=environment(folder), stdout=output, stderr=output,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ValueError(f"{folder} was not built: {log.read_text('utf8')[-2000:]}")
    memory = int((log.parent / "memory.txt").read_text()) * 1024
    return Cost(usage.ru_utime + usage.ru_stime, memory)


def _logs(folder: Path) -> Path:
    """Where a new file is no new source, which would render every page again."""
    logs = folder / ".cache"
    logs.mkdir(exist_ok=True)
    return logs


class Server:
    """`mkdocs serve --livereload` on the sources in a folder; `options` are added."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.address = f"http://{address}/"
        self.log = _logs(folder) / "serve.log"
        command = ["serve", "--livereload", *options, "-a", address]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", MKDOCS, *command],
                cwd=folder, env=environment(folder), stdout=log, stderr=log,
            )  # fmt: skip

    def get(self, path: str) -> bytes:
        """A file as it is in the site. Errors: HTTPError."""
        with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:
            content: bytes = answer.read()
        return LIVE_RELOAD.sub(b"", content)

    def wait(self, path: str, is_there: Callable[[str], bool]) -> None:
        """Ask for a page every 10 ms until it is as it should be.

        Errors: TimeoutError with the last lines that the server printed.
        """
        start = time.monotonic()
        while time.monotonic() - start < PATIENCE and self.process.poll() is None:
            try:
                if is_there(self.get(path).decode()):
                    return
            except OSError:
                pass  # not started yet, or the page is broken
            time.sleep(0.01)
        raise TimeoutError(f"{path} did not appear in time:\n{self.tail()}")

    def tail(self) -> str:
        """The last lines that the server printed."""
        return self.log.read_text("utf8")[-3000:]

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=60)
        finally:
            self.process.kill()
            self.process.wait()
