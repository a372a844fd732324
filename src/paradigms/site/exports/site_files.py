"""Files of the site that are made before a builder runs, beside those in `docs`.

MkDocs and ProperDocs get them from the hooks. For another builder `python -m paradigms
prepare FOLDER` writes the pages and all of these files into one folder.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import material
from rcssmin import cssmin
from rjsmin import jsmin

from paradigms._files import ROOT
from paradigms.site.content.files import source_files
from paradigms.site.content.follow_ups import check_follow_ups
from paradigms.site.content.front_matter import front_matter
from paradigms.site.content.navigation import levels, site_settings
from paradigms.site.content.pages import (
    DOCS,
    has_notebook,
    notebook_path,
    page_url,
    pages,
)
from paradigms.site.content.source_uses import check_uses
from paradigms.site.exports import notebook_scripts, offline
from paradigms.site.exports.command import OFFERED, downloads
from paradigms.site.exports.formats import Address
from paradigms.site.exports.notebook import page_notebook
from paradigms.site.exports.plan_data import PATH, plan_data
from paradigms.site.exports.practice_data import practice_data
from paradigms.site.exports.practice_models import model_files, training_runs
from paradigms.site.exports.pyodide import Pyodide, pyodide
from paradigms.site.exports.quiz_data import quiz_data
from paradigms.site.exports.security_policy import headers_file
from paradigms.site.exports.source_date import VARIABLE
from paradigms.site.exports.task_files import task_file_paths, task_files
from paradigms.site.fences.cheat_sheet import check_formulas
from paradigms.site.fences.record import record_pages

Files = dict[str, bytes]  # by their path in the site
# The name of some files, what they depend on beside what is read, and what makes them.
Keep = Callable[[str, str, Callable[[], Files]], Files]
MINIFIED = ("stylesheets/*.css", "javascripts/*.js", "javascripts/practice/*.js")


class Site(NamedTuple):
    """What the settings say of the site; `logo` is the name of an icon."""

    name: str
    description: str
    url: str
    logo: str


def linked_paths() -> list[str]:
    """Files that pages link to: known before they are made."""
    return [*(f"practice/{name}" for name in OFFERED), *task_file_paths()]


def data_files(site: Site, python: Pyodide, address: Address, keep: Keep) -> Files:
    """Downloads, the data of the tools, and what a browser reads of the site.

    `address` turns `q39/cache.md` into `q39/cache/`; `keep` may return what it has.
    Errors: ContentError for every finding in the bank.
    """
    keep("bank", "", check_bank)
    key = f"{site.url} {os.environ.get(VARIABLE, '')}"
    parts = (
        keep("task files", json.dumps(python.for_page()), partial(task_files, python)),
        keep("downloads", key, partial(_downloads, site.url)),
        keep("plans", "", lambda: _encoded({PATH: plan_data(address)})),
        keep("practice data", "", lambda: _encoded(practice_data(address))),
        keep("quiz data", "", lambda: _encoded(quiz_data(address))),
        _encoded(training_runs(address)),
        model_files(),
        _encoded(_browser_files(site)),
    )
    return {path: content for part in parts for path, content in part.items()}


def check_bank() -> Files:
    """Checks that compare entries and pages. Errors: ContentError."""
    check_formulas()
    check_follow_ups()
    check_uses()
    return {}


def _downloads(site_url: str) -> Files:
    return {
        f"practice/{name}": content for name, content in downloads(site_url).items()
    }


def _browser_files(site: Site) -> dict[str, str]:
    logo = Path(material.__path__[0], "templates/.icons", f"{site.logo}.svg")
    return {
        "_headers": headers_file(),
        notebook_scripts.COPY_BUTTON: notebook_scripts.copy_button(),
        offline.ICON_PATH: offline.icon(logo.read_text("utf8")),
        offline.MANIFEST_PATH: offline.web_manifest(site.name, site.description),
    }


def _encoded(files: dict[str, str]) -> Files:
    return {path: text.encode() for path, text in files.items()}


def minify(path: Path) -> None:
    """Minify a style sheet or script of ours; those of libraries are small already."""
    shorten = {".css": cssmin, ".js": jsmin}.get(path.suffix)
    if shorten and path.parent.name in {"stylesheets", "javascripts", "practice"}:
        path.write_text(shorten(path.read_text("utf8")), "utf8")


def write(folder: Path) -> str:
    """Write the pages and every file of the site into a new folder; says how many.

    Errors: ValueError for a file, or a folder that has files; ContentError as
    `data_files`.
    """
    if folder.is_file():
        raise ValueError(f"{folder}: a file; name a new folder")
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: not empty; remove it, or name a new folder")
    draft = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for path, content in _all_files():
        file = draft / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, file)
        else:
            file.write_bytes(content)
    for pattern in MINIFIED:
        for file in draft.glob(pattern):
            minify(file)
    if folder.exists():
        folder.rmdir()  # an empty one; Windows would not replace it
    draft.replace(folder)
    return f"{sum(path.is_file() for path in folder.rglob('*'))} files"


def _all_files() -> Iterator[tuple[str, bytes | Path]]:
    settings = site_settings()
    site = Site(
        settings["site_name"],
        settings["site_description"],
        os.environ.get("SITE_URL", ""),
        settings["theme"]["icon"]["logo"],
    )
    python = pyodide(ROOT)
    for file in source_files(DOCS, "*"):
        if file.is_file():
            yield file.relative_to(DOCS).as_posix(), file
    for path, text in pages().items():
        yield path, _with_status(path, text).encode()
        _, body = front_matter(text, f"docs/{path}")
        if has_notebook(body):
            notebook = page_notebook(path, body, site.url, page_url)
            yield notebook_path(path), notebook.encode()
    yield from _encoded(record_pages()).items()
    yield from data_files(site, python, page_url, lambda _, __, make: make()).items()
    yield from python.files.items()


def _with_status(path: str, text: str) -> str:
    """An optional page says so in its front matter: the navigation marks it."""
    if levels()[path] != "optional":
        return text
    return text.replace("---\n", "---\nstatus: optional\n", 1)
