"""Fenced blocks as a parser of CommonMark sees them, at any indentation."""

import pytest

from paradigms.site.content.fenced_blocks import (
    _blocks,
    fenced_blocks,
    without_fenced_blocks,
)

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


FRONT = '---\ntitle: "Title"\n---\n\n'


def test_lines_and_offsets_count_front_matter():
    """The file of a page and its Markdown are parsed once, and have the same blocks.

    Negative control: a block between rules, which are no front matter.
    """
    _blocks.cache_clear()
    text = FRONT + PAGE
    blocks, bare = fenced_blocks(text), fenced_blocks(PAGE)
    assert _blocks.cache_info().misses == 1
    assert [block.line - 4 for block in blocks] == [block.line for block in bare]
    assert [text[block.start : block.end] for block in blocks] == [
        PAGE[block.start : block.end] for block in bare
    ]
    (between,) = fenced_blocks("---\n```\na\n```\n---\n")
    assert (between.line, between.start, between.end) == (2, 4, 14)


def test_a_block_without_an_end_holds_no_blank_lines_behind_it():
    """It ends with its last line."""
    (block,) = fenced_blocks("```\na\n\n\n")
    assert (block.body, block.end, block.closed) == ("a\n", 6, False)


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
