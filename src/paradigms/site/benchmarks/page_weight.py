"""What a browser loads for one page, in gzipped bytes."""

import gzip
import json
import re
from pathlib import Path

_CONFIG = re.compile(r'<script id="__config"[^>]*>(.*?)</script>', re.S)


def weight(site: Path, page: str) -> int:
    """Gzipped bytes of a page with its style sheets and scripts.

    The search index is no part of it: ours is loaded when somebody searches.
    """
    return sum(gzipped(path.read_bytes()) for path in loaded_files(site, page))


def loaded_files(site: Path, page: str) -> set[Path]:
    """The page and the style sheets and scripts of the site that it loads at once.

    Among them is the script that searches, if the page has Material's search: the
    theme starts it at once, and fetches the index for it.
    """
    path = site / page / "index.html"
    html = path.read_text("utf8")
    # A browser loads once what a page names twice.
    names = set(re.findall(r'(?:href|src)="([^"]+\.(?:css|js))"', html))
    config = _CONFIG.search(html)
    if config and 'data-md-component="search"' in html:
        names.add(json.loads(config[1])["search"])
    files = {(path.parent / name).resolve() for name in names if "://" not in name}
    return {path.resolve(), *files}


def gzipped(content: bytes) -> int:
    """The number of bytes that a server sends for `content`."""
    return len(gzip.compress(content, mtime=0))
