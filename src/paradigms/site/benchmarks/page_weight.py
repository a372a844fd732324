"""What a browser loads for one page, in gzipped bytes."""

import gzip
import re
from pathlib import Path


def weight(site: Path, page: str) -> int:
    """Gzipped bytes of a page with its style sheets and scripts.

    The search index is no part of it: ours is loaded when somebody searches.
    """
    html = (site / page / "index.html").read_text("utf8")
    total = gzipped(html.encode())
    # A browser loads once what a page names twice.
    for name in set(re.findall(r'(?:href|src)="([^"]+\.(?:css|js))"', html)):
        if not name.startswith("http"):
            total += gzipped((site / page / name).resolve().read_bytes())
    return total


def gzipped(content: bytes) -> int:
    """The number of bytes that a server sends for `content`."""
    return len(gzip.compress(content, mtime=0))
