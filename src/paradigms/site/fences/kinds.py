"""Every kind of fence by its info string."""

from paradigms.site.fences.change import ChangeFence
from paradigms.site.fences.cheat_sheet import CheatSheetFence
from paradigms.site.fences.claim import ClaimFence
from paradigms.site.fences.code import CodeFence
from paradigms.site.fences.contents import ContentsFence
from paradigms.site.fences.figure import Figure
from paradigms.site.fences.page import Fence
from paradigms.site.fences.plan import PlanFence
from paradigms.site.fences.question import QuestionFence
from paradigms.site.fences.quiz import QuizFence
from paradigms.site.fences.record import RecordFence
from paradigms.site.fences.table import TableFence
from paradigms.site.fences.whiteboard import WhiteboardFence

KINDS: dict[str, type[Fence]] = {
    "figure": Figure,
    "table": TableFence,
    "claim": ClaimFence,
    "question": QuestionFence,
    "code": CodeFence,
    "plan": PlanFence,
    "sheet": CheatSheetFence,
    "change": ChangeFence,
    "contents": ContentsFence,
    "record": RecordFence,
    "whiteboard": WhiteboardFence,
    "quiz": QuizFence,
}
