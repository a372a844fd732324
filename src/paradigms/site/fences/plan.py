"""Study plans: what to do, in which order, and how long it takes."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from markupsafe import Markup
from pydantic import Field, model_validator

from paradigms._schema import ContentError, Entry, meant, raise_findings
from paradigms.site.content.evidence import unknown_names
from paradigms.site.content.questions import (
    TOPICS,
    of_topic,
    question_places,
    questions,
    topic_places,
)
from paradigms.site.content.toml import FOLDER, read, valid
from paradigms.site.fences.page import Fence, Page
from paradigms.site.fences.reading_time import QUESTION, lab, minutes, section
from paradigms.site.file_cache import cache
from paradigms.site.templates.environment import render

KINDS = ("read", "lab", "topic", "questions", "task")


class Item(Entry):
    """One thing to do. Only a task states its minutes, and may say what to `see` then.

    `read` and `see` name a page or a section, `q19/index.md#draw-it`; `lab` a notebook,
    `labs/mask-probe.ipynb`; `questions` names some of the bank by their ids; `note`
    says how to do it, `link` what `see` shows.
    """

    read: str = ""
    lab: str = ""
    topic: str = ""
    questions: list[str] = []
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
        names = unknown_names("question", self.questions, questions())
        return problems + [f"questions: {name}" for name in names]

    @property
    def place(self) -> str:
        """The page or section that it links to; empty for a task."""
        return self.places[0] if self.places and not self.task else ""

    @property
    def places(self) -> list[str]:
        """Every page or section that it links to."""
        if self.topic:
            return [topic_places()[self.topic]]
        if self.questions:
            return [question_places()[key] for key in self.questions]
        return [place for place in (self.read, self.lab, self.see) if place]

    @cached_property
    def takes(self) -> int:
        """Whole minutes, at least one."""
        if self.minutes is not None:
            return self.minutes
        if self.lab:
            return lab(self.lab)[1]
        if self.questions:
            return max(1, round(QUESTION * len(self.questions)))
        return max(1, round(minutes(section(self.place).text)))

    def render(self, page: Page) -> Markup:
        """The item as HTML, with a link to its place."""
        texts = {key: page.inline(questions()[key].question) for key in self.questions}
        return render(
            "plan_item.html",
            page=page,
            item=self,
            title=self.title(page),
            note=f"{len(of_topic(self.topic))} questions" if self.topic else self.note,
            questions=texts,
            question_places=question_places() if self.questions else {},
        )

    def title(self, page: Page) -> str:
        """What it is called in a plan, as HTML."""
        if self.task:
            return page.inline(self.task)
        if self.topic:
            return f"Questions: {self.topic}"
        if self.questions:
            return f"{len(self.questions)} questions of the bank"
        if self.lab:
            return f"Lab: {lab(self.lab)[0]}"
        path, _, anchor = self.read.partition("#")
        title = page.inline(section(path).title)
        if not anchor:
            return title
        return title + ": " + page.inline(section(self.read).title)


class Day(Entry):
    """One sitting: what it is about, and the ids of its items in order."""

    title: str = Field(min_length=3)
    items: list[str] = Field(min_length=1)


class Plan(Entry):
    """Days that take at most `limit` minutes each; `first` introduces them.

    `title` is the label of its tab.
    """

    title: str = Field(min_length=3, max_length=20)
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
    items = valid(Item, tables.get("items", {}), f"{name}: items.", problems)
    plans = valid(Plan, tables.get("plans", {}), f"{name}: plans.", problems)
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
    raise_findings(problems)
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


class PlanFence(Fence):
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
        entry = f"snippets/plans.toml: plans.{self.name}"
        raise_findings(f"{entry}: {line}" for line in too_long(plan))
        return render(
            "plan.html",
            page=page,
            name=self.name,
            plan=plan,
            items=items(),
            takes=takes,
            total=sum(map(takes, plan.days)),
            style=self.name == order[0],
            script=self.name == order[-1],
        )
