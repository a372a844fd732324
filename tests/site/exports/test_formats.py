"""Compact JSON, reproducible archives, addresses of places."""

import io
import json
import time
import zipfile

from paradigms.site.exports.formats import compact_json, place_url, zip_archive


def test_json_is_compact_and_whole():
    """No space between values, letters as they are; it reads back."""
    data = {"ß": [1, 2.5, None], "b": "a, b: c"}
    text = compact_json(data)
    assert text == '{"ß":[1,2.5,null],"b":"a, b: c"}'
    assert json.loads(text) == data


def test_an_archive_is_the_same_at_any_time(monkeypatch):
    """Equal bytes whatever the clock says; other content gives other bytes."""
    files = {"a/one.txt": "text " * 50, "a/two.bin": b"\x00\x01"}
    archive = zip_archive(files)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2_000_000_000))
    assert zip_archive(files) == archive
    assert zip_archive({**files, "a/two.bin": b"\x00\x02"}) != archive
    with zipfile.ZipFile(io.BytesIO(archive)) as folder:
        assert folder.testzip() is None
        assert {name: folder.read(name) for name in folder.namelist()} == {
            "a/one.txt": files["a/one.txt"].encode(), "a/two.bin": b"\x00\x01"
        }  # fmt: skip
        assert folder.getinfo("a/one.txt").compress_size < len(files["a/one.txt"]) / 2


def test_a_place_keeps_its_anchor():
    """The address of the page, then the anchor; a page alone gets no mark."""
    address = {"q39/cache.md": "q39/cache/"}.__getitem__
    assert place_url("q39/cache.md#heads", address) == "q39/cache/#heads"
    assert place_url("q39/cache.md", address) == "q39/cache/"
