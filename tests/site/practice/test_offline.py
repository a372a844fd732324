"""The offline copy: stored, used, updated and removed by the reader's clicks."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from paradigms.site.exports.offline import offline_files, write_lists
from tests.conftest import Quiet, serving

TOOL = "[data-practice=offline]"
KEEP = re.compile(r"Keep this site offline \(\d+\.\d MB\)")
# A part of the site is enough: every page has the same files, and a copy is quick.
PARTS = ["assets", "javascripts", "stylesheets", "search", "images", "q39"]
PARTS += ["practice/cards", "practice/interview", "practice/review"]
SINGLE = ["index.html", "practice/index.html", "service-worker.js"]
SINGLE += ["manifest.webmanifest"]


class Uncached(Quiet):
    """A server whose files the browser's own cache does not keep."""

    def end_headers(self):
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


class Host:
    """A site in the folder `project` of a host, where it can be changed."""

    def __init__(self, folder: Path, address: str) -> None:
        self.site = folder / "project"
        self.address = f"{address}project/"

    def publish(self, path: str, old: str, new: str) -> None:
        """Change one file, as a new version of the site would."""
        file = self.site / path
        text = file.read_text("utf8")
        assert old in text
        file.write_text(text.replace(old, new), "utf8")
        write_lists(self.site)


@pytest.fixture
def host(site, tmp_path) -> Iterator[Host]:
    """A small site in a subfolder, with a part for Python."""
    for name in PARTS:
        target = tmp_path / "project" / name
        shutil.copytree(site / name, target, ignore=shutil.ignore_patterns("pyodide*"))
    for name in SINGLE:
        shutil.copy(site / name, tmp_path / "project" / name)
    python = tmp_path / "project/javascripts/vendor/pyodide-1/pyodide.wasm"
    python.parent.mkdir()
    python.write_bytes(bytes(2_000_000))
    write_lists(tmp_path / "project")
    with serving(tmp_path, Uncached) as address:
        yield Host(tmp_path, address)


@pytest.fixture
def reader(browser, host) -> Iterator[Page]:
    """The start page of the site, in a browser of its own."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(host.address)
        yield page


def status(page: Page):
    """The line that says how things are."""
    return page.locator(f"{TOOL} .practice-status")


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """A click on a button of the tool."""
    page.locator(TOOL).get_by_role("button", name=name).click()


def keep(page: Page) -> None:
    """Store the site, as a reader does."""
    press(page, KEEP)
    expect(status(page)).to_contain_text("The site is kept offline", timeout=60_000)
    page.evaluate("navigator.serviceWorker.ready")


def caches(page: Page) -> list[str]:
    """The names of all caches."""
    return page.evaluate("caches.keys()")


def test_nothing_is_stored_before_a_click(reader):
    """The button says the size; no worker, no cache, no list of files."""
    button = reader.locator(TOOL).get_by_role("button", name=KEEP)
    expect(button).to_be_visible()
    label = reader.locator(f"{TOOL} label")
    expect(label).to_have_text("with Python for the whiteboard, 2.0 MB more")
    names = reader.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert not any("offline-files" in name for name in names)
    workers = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"
    assert reader.evaluate(workers) == 0
    assert [name for name in caches(reader) if name.count(" ") > 1] == []


def test_no_box_without_words(reader):
    """While the size of the copy is not known, there is no box; afterwards there is."""
    waiting = []

    def hold(route):
        waiting.append(route)

    page = reader.context.new_page()
    page.route("**/offline.json", hold)
    page.goto(reader.url)
    box = page.locator(f"{TOOL} input")
    expect(box).to_be_attached()
    page.wait_for_timeout(100)  # of which the state needs a few
    expect(box).to_be_hidden()
    assert len(waiting) == 1
    waiting[0].continue_()
    expect(box).to_be_visible()


def test_the_site_works_offline(reader, host):
    """Pages with queries and hashes, scripts, the search, cards; others are named."""
    keep(reader)
    reader.context.set_offline(True)
    for path in ("q39/", "q39/index.html?h=mask#q39-axes", "practice/review/", ""):
        reader.goto(host.address + path)
        assert reader.locator("h1").count() == 1
    reader.goto(f"{host.address}practice/review/")
    reader.locator(".practice-card .practice-question").wait_for()
    reader.keyboard.press("/")
    reader.locator(".md-search__input").fill("causal mask")
    reader.locator(".md-search-result__item a").first.wait_for()
    reader.goto(f"{host.address}systems/")
    assert "not part of the offline copy" in reader.locator("body").inner_text()
    reader.goto(host.address)
    expect(status(reader)).to_contain_text("You are offline; this copy has")


def test_without_the_copy_nothing_works_offline(reader, host):
    """Negative control: the network is really gone."""
    reader.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        reader.goto(f"{host.address}q39/")


def test_pages_come_from_the_network_first(reader, host):
    """A corrected page shows at once, with the new style sheet that belongs to it."""
    keep(reader)
    host.publish("q39/index.html", "<h1", "<b class=new>corrected</b><h1")
    host.publish("stylesheets/site.css", ":root", ".new{color:rgb(1,2,3)}:root")
    reader.goto(f"{host.address}q39/")
    colour = "getComputedStyle(document.querySelector('.new')).color"
    assert reader.evaluate(colour) == "rgb(1, 2, 3)"
    reader.context.set_offline(True)
    reader.reload()
    assert reader.locator(".new").count() == 0  # the copy, whole and consistent
    assert reader.locator("h1").count() == 1


def test_files_come_from_the_copy_while_it_is_the_newest(reader, host):
    """Of an unchanged site only the page itself is fetched."""
    keep(reader)
    served = []
    reader.on("response", lambda r: served.append((r.url, r.from_service_worker)))
    reader.goto(f"{host.address}q39/")
    assert len(served) > 10
    assert all(by_worker for _, by_worker in served)
    (host.site / "stylesheets/site.css").unlink()
    reader.reload()
    ink = "getComputedStyle(document.body).getPropertyValue('--sees')"
    assert reader.evaluate(ink)


def test_an_update_waits_for_a_click(reader, host):
    """The copy stays as it is until then; only what changed is fetched."""
    keep(reader)
    before = caches(reader)
    host.publish("q39/index.html", "<h1", "<b class=new>corrected</b><h1")
    reader.reload()
    expect(status(reader)).to_contain_text("A newer version of the site is there")
    assert caches(reader) == before
    fetched = []
    reader.on("request", lambda request: fetched.append(request.url))
    with reader.expect_navigation():
        press(reader, re.compile("Update the offline copy"))
    expect(status(reader)).to_contain_text("The site is kept offline")
    assert sum("/q39/" in url for url in fetched) == 1
    assert not any("ts-fsrs" in url for url in fetched)
    assert len(caches(reader)) == len(before)
    reader.context.set_offline(True)
    reader.goto(f"{host.address}q39/")
    assert reader.locator(".new").count() == 1


def test_no_update_in_the_middle_of_an_interview(reader, host):
    """An interview in another tab keeps its version; the update is used afterwards."""
    keep(reader)
    interview = reader.context.new_page()
    interview.goto(f"{host.address}practice/interview/")
    interview.get_by_role("button", name="Start the interview").click()
    interview.get_by_role("button", name="Show the answer").wait_for()
    reader.bring_to_front()  # a tab in the background is drawn rarely
    host.publish("q39/index.html", "<h1", "<b class=new>corrected</b><h1")
    reader.reload()
    press(reader, re.compile("Update the offline copy"))
    expect(status(reader)).to_contain_text("A mock interview is open")
    marks = f"caches.open('offline {host.address}')"
    copy = f"{marks}.then((c) => c.match('copy')).then((r) => r.text())"
    before = reader.evaluate(copy)
    button = reader.locator(TOOL).get_by_role("button", name="Use it").element_handle()
    press(reader, "Use it")
    reader.wait_for_function("(button) => !button.isConnected", arg=button)  # refused
    expect(status(reader)).to_contain_text("A mock interview is open")
    assert reader.evaluate(copy) == before
    interview.close()
    with reader.expect_navigation():
        press(reader, "Use it")
    expect(status(reader)).to_contain_text("The site is kept offline")
    assert reader.evaluate(copy) != before


def test_a_stopped_download_goes_on(reader):
    """What is stored is counted, and not fetched again, even after a reload."""
    waiting = []

    def hold(route):
        waiting.append(route)

    reader.route("**/project/q39/**", hold)
    press(reader, KEEP)
    while len(waiting) < 6:  # all connections wait
        reader.wait_for_timeout(50)
    press(reader, "Stop")
    line = r"Stopped\. The download is not finished: \d\.\d MB of \d\.\d MB are stored"
    expect(status(reader)).to_have_text(re.compile(line))
    reader.unroute("**/project/q39/**", hold)
    reader.reload()
    expect(status(reader)).to_contain_text("The download is not finished")
    fetched = []
    reader.on("request", lambda request: fetched.append(request.url))
    press(reader, "Continue")
    expect(status(reader)).to_contain_text("The site is kept offline", timeout=60_000)
    assert sum(url.endswith("/q39/") for url in fetched) == 1
    assert not any("assets/javascripts/bundle." in url for url in fetched)


def test_a_removal_in_another_tab_ends_the_download(reader):
    """One line says so, no script fails, and the site can be stored again."""
    waiting, errors = [], []

    def hold(route):
        waiting.append(route)

    reader.on("pageerror", lambda error: errors.append(str(error)))
    reader.route("**/project/q39/**", hold)
    press(reader, KEEP)
    while len(waiting) < 6:  # all connections wait
        reader.wait_for_timeout(50)
    other = reader.context.new_page()
    other.goto(reader.url)
    press(other, "Remove the offline copy")
    expect(status(other)).to_contain_text("The offline copy is removed.")
    reader.unroute("**/project/q39/**", hold)  # all go on
    line = "The copy was removed while it was stored."
    expect(status(reader)).to_contain_text(line, timeout=60_000)
    assert errors == []
    keep(reader)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("abort", "The connection was lost: continue when you are online."),
        ("change", "The site is being updated: reload the page, then continue."),
        ("fail", "The server answers with error 500: try again later."),
    ],
)
def test_a_failure_is_said_in_one_line(reader, answer, line):
    """A lost connection, a file that is not the one of the list, a broken server."""
    answers = {
        "abort": lambda route: route.abort(),
        "change": lambda route: route.fulfill(body="other"),
        "fail": lambda route: route.fulfill(status=500),
    }
    reader.route("**/project/q39/", answers[answer])
    press(reader, KEEP)
    expect(status(reader)).to_contain_text(line, timeout=60_000)
    expect(status(reader)).to_contain_text("The download is not finished")


def test_a_full_storage_is_said_in_one_line(reader, host):
    """With room for 2 MB the download stops there, and says so."""
    devtools = reader.context.new_cdp_session(reader)
    origin = host.address.removesuffix("/project/")
    quota = {"origin": origin, "quotaSize": 2_000_000}
    devtools.send("Storage.overrideQuotaForOrigin", quota)
    press(reader, KEEP)
    full = "The browser's storage is full: free some space, then continue."
    expect(status(reader)).to_contain_text(full, timeout=60_000)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    press(reader, "Continue")
    expect(status(reader)).to_contain_text("The site is kept offline", timeout=60_000)


def test_python_is_a_choice_of_its_own(reader, host):
    """Not stored unless it is ticked, or added later."""
    part = "javascripts/vendor/pyodide-1/pyodide.wasm"
    stored = f"caches.match('{host.address}{part}').then(Boolean)"
    keep(reader)
    assert not reader.evaluate(stored)
    press(reader, re.compile(r"Add Python for the whiteboard \(2\.0 MB\)"))
    buttons = reader.locator(TOOL).get_by_role("button")
    expect(buttons).to_have_text(["Remove the offline copy"])
    assert reader.evaluate(stored)
    press(reader, "Remove the offline copy")
    reader.locator(f"{TOOL} input").check()
    keep(reader)
    assert reader.evaluate(stored)


def test_the_copy_can_be_removed(reader, host):
    """No cache and no worker is left; the site works as before, and not offline."""
    keep(reader)
    press(reader, "Remove the offline copy")
    expect(status(reader)).to_contain_text("The offline copy is removed.")
    reader.reload()
    expect(reader.locator(TOOL).get_by_role("button", name=KEEP)).to_be_visible()
    assert [name for name in caches(reader) if name.count(" ") > 1] == []
    reader.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        reader.goto(f"{host.address}q39/")


def test_other_sites_of_the_host_are_left_alone(reader):
    """Removal deletes no cache of another folder of the same host."""
    reader.evaluate("caches.open('offline http://127.0.0.1/other/ 1')")
    keep(reader)
    press(reader, "Remove the offline copy")
    expect(status(reader)).to_contain_text("removed")
    assert "offline http://127.0.0.1/other/ 1" in caches(reader)


def test_the_keyboard_alone_stores_the_site(reader):
    """The focus stays in the tool while its buttons change."""
    reader.locator(TOOL).get_by_role("button", name=KEEP).focus()
    reader.keyboard.press("Enter")
    expect(status(reader)).to_contain_text("The site is kept offline", timeout=60_000)
    assert reader.evaluate("document.activeElement.textContent").startswith("Add")


def test_from_a_file_and_without_scripts_a_line_says_so(browser, site):
    """Opened as a file, and with scripts off."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((site / "practice/index.html").as_uri())
        expect(page.locator(TOOL)).to_contain_text("this site is offline already")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((site / "practice/index.html").as_uri())
        expect(page.locator(TOOL)).to_contain_text("With JavaScript enabled, you")


def test_without_https_a_line_says_so(browser, host):
    """Browsers have no service worker for an insecure address."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script("delete Navigator.prototype.serviceWorker")
        page.goto(host.address)
        expect(status(page)).to_contain_text("it needs an address with https")


def test_a_change_is_another_version(host):
    """One letter of one page; an equal site is an equal version."""

    def version() -> str:
        write_lists(host.site)
        return json.loads((host.site / "offline.json").read_text("utf8"))["version"]

    first = version()
    assert version() == first
    host.publish("q39/index.html", "<h1", "<h1 ")
    assert version() != first
    assert offline_files(host.site)["python"][0].size == 2_000_000


def test_the_browser_takes_the_manifest(reader):
    """Chromium finds no error in it, and can install the site."""
    devtools = reader.context.new_cdp_session(reader)
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert "Model Paradigms" in manifest["data"]
    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {e["errorId"] for e in errors} <= {"in-incognito"}
