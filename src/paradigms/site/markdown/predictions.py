"""Stops the build at an output whose question or attributes are wrong.

superfences would show such a fence as broken inline code, and build without a warning.
"""

from markdown.preprocessors import Preprocessor

from paradigms._schema import ContentError
from paradigms.site.content.output_fences import predictions
from paradigms.site.markdown.errors import failure


class Predictions(Preprocessor):
    """Reads every output that asks for a prediction, and changes nothing."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines as they are. Errors: PageError with page, line and reason."""
        try:
            for _ in predictions("\n".join(lines)):
                pass
        except ContentError as error:
            raise failure(self.md, error.args[1], str(error.args[0])) from None
        return lines
