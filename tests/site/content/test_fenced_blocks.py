"""Fenced blocks as a parser of CommonMark sees them, at any indentation."""

import pytest

from paradigms.site.content.fenced_blocks import fenced_blocks, without_fenced_blocks

PAGE = """\
# Title

```python
# ## no heading
```

!!! note

    ~~~text title="Output"
    1
    ~~~

> ```figure
> mask = "causal"
> ```

````markdown
```python
quoted
```
````
End.
"""


def test_blocks_have_their_lines_and_no_indentation():
    """In a box and in a quotation; a block that is quoted in another one is text."""
    blocks = fenced_blocks(PAGE)
    assert [block.info for block in blocks] == [
        "python", 'text title="Output"', "figure", "markdown",
    ]  # fmt: skip
    assert [block.line for block in blocks] == [3, 9, 13, 17]
    assert [block.body for block in blocks][:3] == [
        "# ## no heading\n", "1\n", 'mask = "causal"\n',
    ]  # fmt: skip
    assert all(block.closed for block in blocks)
    first = blocks[0]
    assert PAGE[first.start : first.end] == "```python\n# ## no heading\n```\n"
    assert first.opening == "```python\n# ## no heading"


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("```\na\n```", True),
        ("```\na\n`````  \n\n", True),
        ("```\na\n", False),
        ("````\na\n```\n", False),
        ("```\na\n~~~\n", False),
        ("```\na\n``` b\n", False),
        ("> ```\n> a\n\n```\n", False),
    ],
)
def test_a_block_without_closing_fence_is_told_apart(text, closed):
    """It ends with the text, or with the quotation that it stands in."""
    assert fenced_blocks(text)[0].closed is closed


def test_text_without_blocks_keeps_its_length_if_they_are_masked():
    """So that places in it are places in the page."""
    masked = without_fenced_blocks(PAGE, mask=True)
    assert len(masked) == len(PAGE)
    assert "heading" not in masked
    assert masked.count("\n") == PAGE.count("\n")
    assert "quoted" not in without_fenced_blocks(PAGE)
    assert without_fenced_blocks(PAGE).endswith("\nEnd.\n")
    assert without_fenced_blocks("a\u2028b\n```\nc\n```\nd") == "a\u2028b\nd"
