"""What several exports write: compact JSON, reproducible archives, addresses."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold
Address = Callable[[str], str]  # the path of a page, `q39/cache.md`, to `q39/cache/`


def compact_json(data: Any) -> str:
    """JSON as a script loads it: no spaces, letters as they are."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def zip_archive(files: Mapping[str, str | bytes]) -> bytes:
    """A zip file of files by name; equal files in the same order give equal bytes."""
    archive = io.BytesIO()
    with ZipFile(archive, "w") as folder:
        for name, content in files.items():
            folder.writestr(ZipInfo(name, _DATE), content, ZIP_DEFLATED)
    return archive.getvalue()


def place_url(place: str, address: Address) -> str:
    """`q39/cache.md#grouped-heads` as `q39/cache/#grouped-heads`."""
    path, mark, anchor = place.partition("#")
    return address(path) + mark + anchor
