"""nginx with the configuration and the command of Containerfile, never as root."""

import gzip
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from pwd import getpwnam

import pytest

from paradigms.site.exports.security_policy import headers_file
from tests.conftest import ROOT, new_page, script_errors, serving, settle

CONFIGURATION = (ROOT / "nginx.conf").read_text("utf8")
CONTAINER = (ROOT / "Containerfile").read_text("utf8")
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
AS_ROOT = os.geteuid() == 0
PREFIX = "/srv"
FOREVER = "public, max-age=31536000, immutable"


def command(folder: Path) -> list[str]:
    """The command of the container, with its folder elsewhere."""
    (line,) = re.findall(r"^CMD (.+)$", CONTAINER, re.MULTILINE)
    program, *options = json.loads(line)
    assert program == "nginx"
    return [NGINX, *(option.replace(PREFIX, str(folder)) for option in options)]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Until the server accepts connections, ten seconds at most."""
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("nginx does not listen")


@pytest.fixture(scope="module")
def server(site) -> Iterator[tuple[int, int]]:
    """The port and the process of nginx; root starts it as `nobody`, as a container."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(site, folder / "site")
        (folder / "run").mkdir()
        text = CONFIGURATION.replace("listen 8080;", f"listen 127.0.0.1:{port};")
        assert text != CONFIGURATION
        (folder / "nginx.conf").write_text(text, "utf8")
        if AS_ROOT:
            os.chown(folder / "run", getpwnam("nobody").pw_uid, -1)
        process = subprocess.Popen(
            command(folder),
            stderr=subprocess.PIPE,
            text=True,
            user="nobody" if AS_ROOT else None,
        )
        wait_for(port, process)
        yield port, process.pid
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture
def get(server):
    """Ask for a path; returns the response and its body, as it came."""

    def ask(path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", server[0], timeout=10)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"/{path}", headers=names)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body

    return ask


def test_nginx_runs_without_rights(server):
    """Neither the process here nor that of the container is root."""
    result = subprocess.run(
        ["ps", "-o", "uid=", "-p", str(server[1])],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(result.stdout) != 0
    (user,) = re.findall(r"^USER (\S+)$", CONTAINER, re.MULTILINE)
    assert user not in ("root", "0")


def test_the_container_has_what_the_configuration_names():
    """The port, which needs no rights, and the files that are copied."""
    (port,) = re.findall(r"listen (\d+);", CONFIGURATION)
    assert int(port) > 1024
    assert f"EXPOSE {port}\n" in CONTAINER
    copied = set(re.findall(r"^COPY (\S+) ", CONTAINER, re.MULTILINE))
    lines = (ROOT / ".dockerignore").read_text("utf8").splitlines()
    assert copied == {line[1:] for line in lines if line.startswith("!")}


def headers_of(lines: list[str]) -> dict[str, str]:
    """Headers as `_headers` has them, a line each."""
    return dict(line.strip().split(": ", 1) for line in lines)


POLICY = headers_of(headers_file().splitlines()[1:])


def security_headers(configuration: str) -> dict[str, str]:
    """The headers that nginx always adds, without caching."""
    pairs = re.findall(r'add_header (\S+) "?([^"]+?)"? always;', configuration)
    return {name: value for name, value in pairs if name != "Cache-Control"}


def test_the_configuration_has_the_headers_of_the_policy():
    """Those of `_headers`, no more and no less."""
    assert security_headers(CONFIGURATION) == POLICY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("connect-src 'self'", "connect-src *"),
        ("X-Content-Type-Options", "X-Frame-Options"),
        ("frame-ancestors 'none'\" always", "frame-ancestors 'none'\""),
    ],
)
def test_another_header_is_noticed(old, new):
    """Negative control: another source, another name, none with an error page."""
    assert old in CONFIGURATION
    assert security_headers(CONFIGURATION.replace(old, new)) != POLICY


@pytest.mark.parametrize("path", ["", "q39/", "practice/bank.json", "no-such-page/"])
def test_every_answer_has_the_security_headers(get, site, path):
    """Those of the site's own `_headers`, also on an error; no version of nginx."""
    lines = (site / "_headers").read_text("utf8").splitlines()[1:]
    response, _ = get(path)
    assert response.status == (404 if "no-such" in path else 200)
    for name, value in headers_of(lines).items():
        assert response.headers.get_all(name) == [value]
    assert response.headers["Server"] == "nginx"


def addresses(site: Path) -> list[str]:
    """Every file of the site, by its address."""
    paths = [path for path in site.rglob("*") if path.is_file()]
    return [path.relative_to(site).as_posix() for path in sorted(paths)]


def test_only_files_with_a_hash_or_version_are_cached_for_long(get, site):
    """The theme's and Pyodide's; of all others a browser asks whether they changed."""
    names = [name for name in addresses(site) if name != "_headers"]
    versioned = [
        name
        for name in names
        if re.search(r"\.[0-9a-f]{8}\.min\.|/pyodide-[0-9.]+/", name)
    ]
    assert len(versioned) > 8
    others = [
        "index.html",
        "q39/index.html",
        "stylesheets/site.css",
        "search/text.json",
    ]
    others += ["javascripts/vendor/idb.js", "javascripts/site.js", "service-worker.js"]
    for name in versioned + others:
        expected = FOREVER if name in versioned else "no-cache"
        assert get(name)[0].headers.get_all("Cache-Control") == [expected], name


def test_a_missing_file_is_not_cached_even_if_its_name_has_a_hash(get, site):
    """A new version of the theme, asked for while the old site is still there."""
    response, body = get("assets/javascripts/bundle.00000000.min.js")
    assert (response.status, response.headers["Cache-Control"]) == (404, "no-cache")
    assert body == (site / "404.html").read_bytes()


def test_an_unchanged_page_is_not_sent_again(get):
    """The browser's question costs a line."""
    for path in ("q39/", "search/text.json"):
        first, _ = get(path, Accept_Encoding="gzip")
        again, body = get(
            path, Accept_Encoding="gzip", If_None_Match=first.headers["ETag"]
        )
        assert (again.status, body) == (304, b"")


@pytest.mark.parametrize("path", ["_headers", "assets/", "q39/no-such-page"])
def test_what_is_no_page_gets_the_error_page(get, site, path):
    """Missing files, folders without index, and the file for other hosts."""
    response, body = get(path)
    assert response.status == 404
    assert body == (site / "404.html").read_bytes()


@pytest.mark.parametrize("path", ["../nginx.conf", "%2e%2e/nginx.conf"])
def test_nothing_outside_the_site_is_served(get, path):
    """The configuration is in the folder above."""
    response, body = get(path)
    assert response.status == 400
    assert b"listen" not in body


def test_a_folder_leads_to_its_page_on_the_same_host(get):
    """Without host and port in the address: a proxy may have others."""
    response, _ = get("q39")
    assert (response.status, response.headers["Location"]) == (301, "/q39/")


TEXT = {
    "css": "text/css",
    "csv": "text/csv",
    "html": "text/html",
    "ipynb": "application/x-ipynb+json",
    "js": "text/javascript",
    "json": "application/json",
    "map": "application/json",
    "mjs": "text/javascript",
    "py": "text/x-python",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "webmanifest": "application/manifest+json",
    "xml": "text/xml",
}
BINARY = {
    "apkg": "application/x-apkg",
    "gz": "application/gzip",
    "pdf": "application/pdf",
    "png": "image/png",
    "safetensors": "application/octet-stream",
    "wasm": "application/wasm",
    "zip": "application/zip",
}


def test_every_kind_of_file_has_its_type_and_text_is_compressed(get, site):
    """The largest file of each suffix; WebAssembly is compressed, pictures are not."""
    names = [name for name in addresses(site) if name != "_headers"]
    names.sort(key=lambda name: (site / name).stat().st_size)
    largest = {name.rsplit(".", 1)[-1]: name for name in names}
    assert largest.keys() == TEXT.keys() | BINARY.keys()
    for suffix, name in largest.items():
        response, body = get(name, Accept_Encoding="gzip")
        media = TEXT[suffix] + "; charset=utf-8" if suffix in TEXT else BINARY[suffix]
        assert response.headers["Content-Type"] == media, name
        content = (site / name).read_bytes()
        compressed = suffix in {*TEXT, "wasm"} and len(content) >= 1000
        if compressed:
            assert response.headers["Content-Encoding"] == "gzip", name
            assert len(body) < 0.8 * len(content), name
        assert content == (gzip.decompress(body) if compressed else body), name


def test_who_takes_no_gzip_gets_the_file(get, site):
    """And a cache in between keeps both forms apart."""
    response, body = get("q39/")
    assert response.headers["Content-Encoding"] is None
    assert response.headers["Vary"] == "Accept-Encoding"
    assert body == (site / "q39/index.html").read_bytes()


@pytest.fixture
def visit_server(browser, server):
    """Open a page with the policy on; returns it with its problems."""
    with browser.new_context() as context:
        page = new_page(context)
        problems = script_errors(page)

        def visit(path: str):
            page.goto(f"http://127.0.0.1:{server[0]}/{path}")
            settle(page)
            return page, problems

        yield visit


@pytest.mark.parametrize("path", ["practice/review/", "practice/two-models/", "q39/"])
def test_a_practice_page_works_under_the_headers(visit_server, path):
    """Its tool is there, and the browser reports nothing."""
    page, problems = visit_server(path)
    page.locator("article button:visible").first.wait_for()
    assert problems == []


def test_python_for_the_page_is_loaded_as_it_comes(visit_server, site):
    """A browser compiles WebAssembly and imports modules only of the right type."""
    page, problems = visit_server("practice/whiteboard/")
    (folder,) = (site / "javascripts/vendor").glob("pyodide-*")
    compiled = page.evaluate(
        """async (folder) => {
          await import(`${folder}/pyodide.mjs`);
          const code = fetch(`${folder}/pyodide.asm.wasm`);
          return String(await WebAssembly.compileStreaming(code));
        }""",
        f"/javascripts/vendor/{folder.name}",
    )
    assert compiled == "[object WebAssembly.Module]"
    assert problems == []


def test_the_policy_of_the_header_is_applied(browser, server, address, tmp_path):
    """A frame, which only a header can forbid, stays empty; without header it shows."""
    framed = f"http://127.0.0.1:{server[0]}/q39/"
    frames = "".join(f'<iframe src="{url}"></iframe>' for url in (framed, address))
    (tmp_path / "index.html").write_text(frames, "utf8")
    failures: list[str] = []
    with serving(tmp_path) as url, browser.new_context() as context:
        page = new_page(context)
        page.on("requestfailed", lambda request: failures.append(request.url))
        page.goto(url)
        settle(page, quiet=500)
    assert failures == [framed]
