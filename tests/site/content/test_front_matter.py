"""Front matter that MkDocs would show as text, or ignore, is an error."""

import pytest

from paradigms._schema import FileError
from paradigms.site.content.front_matter import front_matter

GOOD = "---\ntitle: The cache\nlevel: core\ntags: [attention]\n---\n\n# The cache\n"


def test_values_and_text_are_separated():
    """As MkDocs does; a page may have none."""
    values, text = front_matter(GOOD, "docs/a.md")
    assert values == {"title": "The cache", "level": "core", "tags": ["attention"]}
    assert text == "\n# The cache\n"
    assert front_matter("# No\n\n---\n", "docs/a.md") == ({}, "# No\n\n---\n")


WRONG = {
    "a colon": (
        GOOD.replace("The cache", "The cache: what it keeps", 1),
        "docs/a.md, line 2: front matter: mapping values are not allowed here; put",
    ),
    "a bracket": (
        GOOD.replace("[attention]", "[attention"),
        "docs/a.md, line 4: front matter: ",
    ),
    "a tab": (GOOD.replace("level:", "\tlevel:"), "docs/a.md, line 3: front matter: "),
    "no end": (
        GOOD.replace("---\n\n#", "\n#"),
        "docs/a.md, line 1: front matter: close it with a line of ---",
    ),
    "a list": ("---\n- title\n---\n", "docs/a.md, line 1: front matter: write lines"),
    "nothing": ("---\n---\n", "docs/a.md, line 1: front matter: write lines"),
    "twice": (
        GOOD.replace("level", "title"),
        "docs/a.md, line 2: front matter: title stands there twice",
    ),
    "a number": (
        GOOD.replace("The cache", "39", 1),
        "docs/a.md: front matter: title: input should be a valid string",
    ),
    "one tag": (
        GOOD.replace("[attention]", "attention"),
        "docs/a.md: front matter: tags: input should be a valid list",
    ),
    "a misspelt key": (
        GOOD.replace("level", "levle"),
        "docs/a.md: front matter: levle: unknown key; known are title,",
    ),
    "a control character": (
        GOOD.replace("The", "\x01The", 1),
        "docs/a.md, line 2: front matter: remove the control character #x0001",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_a_mistake_names_page_and_line(text, message):
    """In one line, with what to do."""
    with pytest.raises(FileError) as error:
        front_matter(text, "docs/a.md")
    assert str(error.value).startswith(message)
