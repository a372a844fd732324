"""The fence `code`: source code on a page, or the lines in which two objects differ."""

from pydantic import Field

from paradigms._schema import ContentError
from paradigms.site.content.source_code import diff, file_path, object_name, source
from paradigms.site.fences.highlighting import highlighted
from paradigms.site.fences.page import Fence, Page
from paradigms.site.templates.environment import render

LONGEST = 30  # lines; longer listings are not read


class CodeFence(Fence):
    """The body of a `code` fence: what to show, and what to compare it with.

    `of` names an object, `models.gpt:GPT.forward`; its docstring is left out.
    With `against` only the lines in which the two differ are shown.
    """

    of: str
    against: str = ""
    caption: str = Field(default="", max_length=200)

    def render(self, page: Page) -> str:
        """A highlighted block under the name of its file."""
        text = source(self.of)
        title = f"{file_path(self.of)}: {object_name(self.of)}"
        language = "python"
        if self.against:
            title = (
                f"{object_name(self.against)} (−) against {object_name(self.of)} (+)"
            )
            text, language = diff(source(self.against), text), "diff"
        if text.count("\n") > LONGEST:
            raise ContentError(
                f"of: {self.of} shows {text.count(chr(10))} lines, at most {LONGEST} "
                "are read; name a smaller part"
            )
        code = highlighted(text, language)
        return render(
            "code.html", page=page, title=title, code=code, caption=self.caption
        )
