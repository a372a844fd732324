"""The files that a reader can keep offline, the web manifest, its icon."""

import json
import re

import pytest

from paradigms.site.exports.offline import icon


def test_the_list_names_every_page_and_what_pages_load(site):
    """Files by address with their sizes; maps and downloads are left out."""
    summary = json.loads((site / "offline.json").read_text("utf8"))
    full = json.loads((site / "offline-files.json").read_text("utf8"))
    files = {path: size for path, size, _ in full["parts"]["site"]}
    assert summary["version"] == full["version"]
    assert summary["bytes"]["site"] == sum(files.values())
    for path in site.rglob("index.html"):
        folder = path.parent.relative_to(site).as_posix()
        assert files["" if folder == "." else f"{folder}/"] == path.stat().st_size
    for script in site.glob("javascripts/**/*.js"):
        if "pyodide" not in script.as_posix():
            assert script.relative_to(site).as_posix() in files
    left_out = (".map", ".ipynb", ".apkg", ".zip")
    assert not [path for path in files if path.endswith(left_out)]
    python = {path: size for path, size, _ in full["parts"]["python"]}
    assert python == {
        path.relative_to(site).as_posix(): path.stat().st_size
        for path in site.glob("javascripts/vendor/pyodide*/*")
    }
    assert any(path.endswith("/python_stdlib.zip") for path in python)


def test_every_page_links_the_manifest(site):
    """Its addresses lead to the start page and to an icon, from any folder."""
    manifest = json.loads((site / "manifest.webmanifest").read_text("utf8"))
    assert manifest["start_url"] == manifest["scope"] == "."
    assert (site / manifest["icons"][0]["src"]).is_file()
    for path in site.rglob("index.html"):
        link = re.search(r'rel="manifest" href="([^"]+)"', path.read_text("utf8"))
        assert (path.parent / link.group(1)).resolve() == site / "manifest.webmanifest"


def test_the_icon_is_the_logo():
    """Its one shape, in white on ink; another kind of logo is refused."""
    namespace = 'xmlns="http://www.w3.org/2000/svg"'
    picture = icon(f'<svg {namespace} viewBox="0 0 24 24"><path d="M1 1h2z"/></svg>')
    assert '<path d="M1 1h2z"/></g>' in picture
    with pytest.raises(ValueError, match="logo is not one path"):
        icon(f"<svg {namespace}><path/><circle/></svg>")
