"""Results of a build, on disk: computed again when one of their inputs changes.

The inputs are the code of this package, the libraries, `mkdocs.yml`, the names of the
files in `docs`, `snippets` and `tests`, a key such as the text of a page, and whatever
was read meanwhile. What was read is observed (see `file_cache`), so nothing has to name
it. An entry is one JSON file, replaced atomically; one that cannot be read counts as
missing. The folder can be deleted at any time.
"""

import hashlib
import importlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from types import FunctionType
from typing import Any

import mkdocs
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink, TableOfContents

from paradigms._files import PACKAGE, ROOT, replaced
from paradigms._schema import ContentError
from paradigms.site import LOADED
from paradigms.site.file_cache import Reads, reads_of_block

LOG = logging.getLogger(f"{mkdocs.__name__}.hooks.paradigms")
LIBRARIES = (
    "beautifulsoup4", "genanki", "jinja2", "latex2mathml", "markdown", "markdown-it-py",
    "markupsafe", "mkdocs", "mkdocs-material", "pydantic", "pygments",
    "pymdown-extensions", "pyyaml",
)  # fmt: skip
# Entries that are written together, since hundreds of files are compared before.
BATCH = 20
Stamp = tuple[int, int, int]


class BuildCache:
    """The entries of one build. Make it before anything is read.

    A file that changes while the site is built may have been read before or after that:
    what was made from it is not kept.
    """

    def __init__(self, config: MkDocsConfig) -> None:
        self.root = Path(config.config_file_path).resolve().parent
        self.folder = self.root / ".cache/build"
        self._digests: dict[str, str] = {}  # of files, by their path below the root
        self._values: dict[str, str] = {}
        self._names: dict[str, str | None] = {}  # by path; see `_sources`
        sources = [self.root / "mkdocs.yml"]
        for name in ("docs", "snippets", "tests"):
            sources += (self.root / name).rglob("*")
        self._stamps = {
            path.relative_to(self.root).as_posix(): _stamp(path)
            for path in sources
            if "__pycache__" not in path.parts
        }
        code = (path for path in PACKAGE.rglob("*.*") if path.suffix != ".pyc")
        self._code = {str(path): _stamp(path) for path in code}
        self._common = ""
        self.supplements: dict[str, Any] = {}  # by the path of a page; see `render`
        extensions = config.markdown_extensions, config.mdx_configs
        self._settings = json.dumps(extensions, default=_name, sort_keys=True)
        newest = max(stamp[0] for stamp in self._code.values() if stamp)
        # Pending entries: path, content, and the files that were read for it.
        self._pending: list[tuple[Path, dict[str, Any], set[str]]] = []
        # Another package would not be observed, and changed code may not be loaded.
        self.enabled = self.root == ROOT.resolve() and newest < LOADED
        self._remove_old_drafts()

    def start(self, files: Files) -> None:
        """Hash what every entry depends on."""
        self._common = _digest(
            sys.version,
            mkdocs.__name__,  # ProperDocs takes the place of MkDocs under its name
            mkdocs.__version__,
            self._settings,
            *(version(name) for name in LIBRARIES),
            self._file_digest("mkdocs.yml"),
            # Readers of a folder depend on its list of files.
            *sorted(self._stamps),
            *(f"{file.src_uri} {file.url}" for file in files),
            *(
                Path(path).relative_to(PACKAGE).as_posix() + self._file_digest(path)
                for path in sorted(self._code)
            ),
        )

    def render(
        self,
        page: Page,
        supplement: Callable[[], Any],
        config: MkDocsConfig,
        files: Files,
    ) -> None:
        """Render a page, or restore it from its entry.

        The entry also holds what `supplement` returns, so that a page needs one file;
        `supplements` has it by the path of the page.
        """
        path = page.file.src_uri

        def rendered() -> dict[str, Any] | None:
            warnings = _Warnings()
            logging.getLogger(mkdocs.__name__).addHandler(warnings)
            try:
                Page.render(page, config, files)
            finally:
                logging.getLogger(mkdocs.__name__).removeHandler(warnings)
            self.supplements[path] = supplement()
            # MkDocs collects no links while it logs for debugging.
            if warnings.seen or page.links_to_anchors is None:
                return None
            return {**_state(page), "supplement": self.supplements[path]}

        state = self.get_or_make(path, page.markdown or "", rendered)
        if page.content is None:  # it was not rendered
            _restore(page, state, files)
            self.supplements[path] = state["supplement"]

    def get_or_make(
        self, name: str, key: str, make: Callable[[], Any], *, files_only: bool = False
    ) -> Any:
        """What `make` returns, a value that JSON can hold; None is not kept.

        With `files_only` it depends on every file that was read, also on those that a
        function cached by value read.
        """
        if not self.enabled:
            return make()
        path = self.folder / f"{_digest(name)}.json"
        key = _digest(self._common, key)
        try:
            entry = json.loads(path.read_text("utf8"))
            if entry["key"] == key and self._is_current(
                entry["files"], entry["values"]
            ):
                return entry["value"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        with reads_of_block() as reads:
            value = make()
        if files_only:
            reads = Reads(files=reads.files, direct=reads.files)
        if value is not None:
            self._store(path, {"name": name, "key": key, "value": value}, reads)
        return value

    def _is_current(self, files: dict[str, str], values: dict[str, str]) -> bool:
        """Whether files and values of functions are as they were."""
        return all(
            self._file_digest(name) == digest for name, digest in files.items()
        ) and all(self._value(name) == digest for name, digest in values.items())

    def _store(self, path: Path, entry: dict[str, Any], reads: Reads) -> None:
        names = sorted(":".join(call) for call in reads.calls)
        entry["values"] = {name: self._value(name) for name in names}
        entry["files"] = {
            name: self._file_digest(name) for name in self._sources(reads.direct)
        }
        read = {*self._sources(reads.files), "mkdocs.yml"}
        self._pending.append((path, entry, read))
        if len(self._pending) >= BATCH:
            self.write()

    def write(self) -> None:
        """Write the pending entries.

        Not what was made from a file that has changed since the build began. This is
        asked last, so that no digest is younger than the answer.
        """
        batch, self._pending = self._pending, []
        if not batch:
            return
        if any(_stamp(path) != stamp for path, stamp in self._code.items()):
            return
        names = {name for _, _, read in batch for name in read}
        changed = {name for name in names if not self._is_unchanged(name)}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path, entry, read in batch:
                if not read & changed:
                    with replaced(path) as temporary:
                        temporary.write_text(json.dumps(entry), "utf8")
        except (OSError, ValueError) as error:
            LOG.info("The next build starts anew: %s", error)
            self.enabled = False

    def _is_unchanged(self, name: str) -> bool:
        """Whether a file is as it was before the build."""
        if name not in self._stamps:
            return False
        return _stamp(os.path.join(self.root, name)) == self._stamps[name]

    def _remove_old_drafts(self) -> None:
        """What killed builds left; a build that runs beside this one is younger."""
        for draft in self.folder.glob(".*.tmp"):
            stamp = _stamp(draft)  # another build may finish it just now
            if stamp and time.time() - stamp[0] / 1e9 > 3600:
                draft.unlink(missing_ok=True)

    def _sources(self, files: set[str]) -> list[str]:
        """Files of the repository without the package, which is hashed as a whole."""
        for file in files - self._names.keys():
            self._names[file] = self._name(Path(file).resolve())
        return sorted({name for file in files if (name := self._names[file])})

    def _name(self, path: Path) -> str | None:
        """The path in the repository; None for code, libraries and caches."""
        others = PACKAGE.resolve(), self.root / ".cache", Path(sys.prefix).resolve()
        if not path.is_relative_to(self.root):
            return None
        if any(path.is_relative_to(folder) for folder in others):
            return None
        return path.relative_to(self.root).as_posix()

    def _value(self, name: str) -> str:
        """The digest of what a function returns, or of its error."""

        def digest() -> str:
            module, function = name.split(":")
            try:
                value = repr(getattr(importlib.import_module(module), function)())
            except (ContentError, OSError) as error:
                value = f"error {error}"
            return _digest(value)

        if name not in self._values:
            self._values[name] = self.get_or_make(
                f"value of {name}", "", digest, files_only=True
            )
        return self._values[name]

    def _file_digest(self, name: str) -> str:
        """The digest of a file below the root, read once; empty if it is missing."""
        if name not in self._digests:
            try:
                data = Path(os.path.join(self.root, name)).read_bytes()
                self._digests[name] = hashlib.sha256(data).hexdigest()
            except OSError:
                self._digests[name] = ""
        return self._digests[name]


class _Warnings(logging.Handler):
    """Notes that MkDocs warned: the next build must warn again."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen = False

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
        self.seen = True


def _stamp(path: str | Path) -> Stamp | None:
    try:
        stat = os.stat(path)  # thousands of times: pathlib takes three times as long
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _name(value: object) -> str:
    """A function in the settings, or another object, by a name that does not change."""
    kind = value if isinstance(value, FunctionType) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _state(page: Page) -> dict[str, Any]:
    """What `Page.render` leaves in a page."""
    links = page.links_to_anchors or {}
    return {
        "content": page.content,
        "title": page._title_from_render,
        "toc": as_lists(page.toc),
        "ids": sorted(page.present_anchor_ids or ()),
        "links": {file.src_uri: anchors for file, anchors in links.items()},
    }


def _restore(page: Page, state: dict[str, Any], files: Files) -> None:
    """Put it into a page that was not rendered."""
    by_path = files.src_uris  # MkDocs keeps it: to make one a page would be quadratic
    links = {by_path[path]: anchors for path, anchors in state["links"].items()}
    page.links_to_anchors = links
    page.present_anchor_ids = set(state["ids"])
    page.toc = TableOfContents(as_links(state["toc"]))
    page._title_from_render = state["title"]
    page.content = state["content"]


def as_lists(links: Iterable[AnchorLink]) -> list[list[Any]]:
    """Entries of a table of contents as JSON holds them."""
    return [
        [link.title, link.id, link.level, as_lists(link.children)] for link in links
    ]


def as_links(lists: list[list[Any]]) -> list[AnchorLink]:
    """The entries from `as_lists`."""
    links = []
    for title, anchor, level, children in lists:
        link = AnchorLink(title, anchor, level)
        link.children = as_links(children)
        links.append(link)
    return links
