"""Study plans: what to do, in which order, and how long it takes."""

from collections.abc import Iterable
from functools import cache, cached_property
from html import escape
from pathlib import Path

from pydantic import Field, model_validator

from paradigms._schema import ContentError, Entry, meant
from paradigms.site.content.questions import TOPICS, of_topic, topic_places
from paradigms.site.content.toml import FOLDER, read, valid
from paradigms.site.fences.page import Page
from paradigms.site.fences.reading_time import lab, minutes, section

KINDS = ("read", "lab", "topic", "task")


class Item(Entry):
    """One thing to do. Only a task states its minutes, and may say what to `see` then.

    `read` and `see` name a page or a section, `q19/index.md#draw-it`; `lab` a notebook,
    `labs/mask-probe.ipynb`; `note` says how to do it, `link` what `see` shows.
    """

    read: str = ""
    lab: str = ""
    topic: str = ""
    task: str = ""
    minutes: int | None = Field(default=None, ge=1, le=60)
    see: str = ""
    link: str = "Compare"
    note: str = ""

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Item":
        kinds = [kind for kind in KINDS if getattr(self, kind)]
        if len(kinds) != 1:
            raise ValueError(f"takes one of {', '.join(KINDS)}; here are {len(kinds)}")
        if bool(self.task) != (self.minutes is not None):
            raise ValueError("a task states its minutes, and nothing else does")
        if self.see and not self.task:
            raise ValueError("only a task has something to see")
        if "link" in self.model_fields_set and not self.see:
            raise ValueError("a link needs something to see")
        return self

    def findings(self) -> list[str]:
        """Every broken reference."""
        problems = []
        for key, resolve in (("read", section), ("see", section), ("lab", lab)):
            try:
                if getattr(self, key):
                    resolve(getattr(self, key))
            except ContentError as error:
                problems.append(f"{key}: {error}")
        if self.topic and self.topic not in TOPICS:
            problems.append(
                f"topic: no topic {self.topic!r}{meant(self.topic, TOPICS)}"
            )
        return problems

    @property
    def place(self) -> str:
        """The page or section that it links to; empty for a task."""
        return topic_places()[self.topic] if self.topic else self.read or self.lab

    @cached_property
    def takes(self) -> int:
        """Whole minutes, at least one."""
        if self.minutes is not None:
            return self.minutes
        if self.lab:
            return lab(self.lab)[1]
        return max(1, round(minutes(section(self.place).text)))

    def render(self, page: Page) -> str:
        """The item as HTML, with a link to its place."""
        if self.task:
            if not self.see:
                return page.inline(self.task)
            link = f'<a href="{page.link(self.see)}">{escape(self.link)}</a>'
            return f"{page.inline(self.task)} {link}"
        note = f"{len(of_topic(self.topic))} questions" if self.topic else self.note
        note = f" ({page.inline(note)})" if note else ""
        return f'<a href="{page.link(self.place)}">{self._title(page)}</a>{note}'

    def _title(self, page: Page) -> str:
        if self.topic:
            return f"Questions: {escape(self.topic)}"
        if self.lab:
            return f"Lab: {escape(lab(self.lab)[0])}"
        path, _, anchor = self.read.partition("#")
        title = page.inline(section(path).title)
        return f"{title}: {page.inline(section(self.read).title)}" if anchor else title


class Day(Entry):
    """One sitting: what it is about, and the ids of its items in order."""

    title: str = Field(min_length=3)
    items: list[str] = Field(min_length=1)


class Plan(Entry):
    """Days that take at most `limit` minutes each; `first` introduces them."""

    limit: int = Field(ge=30, le=480)
    first: str = Field(min_length=10)
    days: list[Day] = Field(min_length=1)

    def ids(self) -> list[str]:
        """The ids of its items, in order."""
        return [key for day in self.days for key in day.items]


@cache
def load(path: Path) -> tuple[dict[str, Item], dict[str, Plan]]:
    """Items and plans of a file by their ids. Errors: ContentError, every finding."""
    tables = read(path)
    name = f"snippets/{path.name}"
    problems = [
        f"{name}: {key}: unknown key; known are items, plans"
        for key in tables
        if key not in {"items", "plans"}
    ]
    items, plans = (
        valid(kind, tables.get(key, {}), f"{name}: {key}.", problems)
        for key, kind in (("items", Item), ("plans", Plan))
    )
    for key, item in items.items():
        problems += [f"{name}: items.{key}: {finding}" for finding in item.findings()]
    ids = tables.get("items", {})  # an invalid item is reported once
    for key, plan in plans.items():
        problems += [f"{name}: plans.{key}: {line}" for line in _id_problems(plan, ids)]
    used_ids = {key for plan in plans.values() for key in plan.ids()}
    problems += [
        f"{name}: items.{key}: stands in no plan; put it into one"
        for key in items
        if plans and key not in used_ids
    ]
    if problems:
        raise ContentError("\n".join(problems))
    return items, plans


def _id_problems(plan: Plan, item_ids: Iterable[str]) -> list[str]:
    """Duplicate and unknown item ids of a plan."""
    ids: set[str] = set()
    problems = []
    for number, day in enumerate(plan.days, 1):
        for key in day.items:
            if key in ids:
                problems.append(f"day {number}: {key!r} stands in this plan already")
            if key not in item_ids:
                problems.append(f"day {number}: no item {key!r}{meant(key, item_ids)}")
            ids.add(key)
    return problems


def items() -> dict[str, Item]:
    """Every item by its id."""
    return load(FOLDER / "plans.toml")[0]


def plans() -> dict[str, Plan]:
    """Every plan by its name."""
    return load(FOLDER / "plans.toml")[1]


def takes(day: Day) -> int:
    """The minutes of all items of a day."""
    return sum(items()[key].takes for key in day.items)


def too_long(plan: Plan) -> list[str]:
    """Each day that takes more than the limit of its plan."""
    return [
        f"day {number} takes {takes(day)} minutes, at most {plan.limit}; move an item"
        for number, day in enumerate(plan.days, 1)
        if takes(day) > plan.limit
    ]


class PlanFence(Entry):
    """The body of a `plan` fence: which plan to show.

    Without scripts it is a list of links with minutes. The style sheet is linked before
    the first plan, the script that adds boxes to tick after the last.
    """

    name: str

    def render(self, page: Page) -> str:
        """Foldable days, each with its items and their minutes."""
        if self.name not in plans():
            raise ContentError(
                f"name: no plan {self.name!r}{meant(self.name, plans())}"
            )
        plan, order = plans()[self.name], list(plans())
        if problems := too_long(plan):
            entry = f"snippets/plans.toml: plans.{self.name}"
            raise ContentError("\n".join(f"{entry}: {line}" for line in problems))
        total = sum(map(takes, plan.days))
        html = (
            f'<div class="plan" data-search-exclude><p>{page.inline(plan.first)}</p>'
            f'<p class="state"><output>{len(plan.ids())} items, {total:,} minutes'
            f"</output></p>{''.join(_days(plan, page))}</div>"
        )
        if self.name == order[0]:
            style = page.link("stylesheets/plans.css")
            html = f'<link rel="stylesheet" href="{style}">{html}'
        if self.name == order[-1]:
            script = page.link("javascripts/plans.js")
            html += f'<script defer src="{script}"></script>'
        return html


def _days(plan: Plan, page: Page) -> Iterable[str]:
    """One block per day; the first is open."""
    for number, day in enumerate(plan.days):
        count = f"Day {number + 1}: " if len(plan.days) > 1 else ""
        rows = "".join(
            f'<li data-item="{key}" data-minutes="{items()[key].takes}">'
            f"<span>{items()[key].render(page)}</span>"
            f"<small>{items()[key].takes} min</small></li>"
            for key in day.items
        )
        yield (
            f"<details{'' if number else ' open'}><summary>{count}{escape(day.title)}"
            f"<small>{takes(day)} min</small></summary><ul>{rows}</ul></details>"
        )
