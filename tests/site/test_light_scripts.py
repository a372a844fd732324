"""What takes the place of the theme's heavier scripts: colours and tooltips."""


def test_colours_are_set_before_the_page_is_drawn(visit):
    """Of the system, without the theme's script; a choice stays."""
    for scheme, name in (("dark", "slate"), ("light", "default")):
        page = visit("q39/", settled=False, color_scheme=scheme)
        assert page.get_attribute("body", "data-md-color-scheme") == name
        assert page.locator("form.palette label:visible").count() == 1
        page.locator("form.palette label:visible").click()
        other = {"slate": "default", "default": "slate"}[name]
        page.reload(wait_until="commit")
        page.wait_for_selector("h1")
        assert page.get_attribute("body", "data-md-color-scheme") == other


def test_the_keyboard_switches_the_colours(visit):
    """Enter on the switch shows the other colours, and again."""
    page = visit("q39/", color_scheme="light")
    page.locator("[name=__palette]").first.focus()
    for name in ("slate", "default"):
        page.keyboard.press("Enter")
        assert page.get_attribute("body", "data-md-color-scheme") == name


def test_an_abbreviation_says_its_words(visit):
    """Under the mouse and on a tap; gone by Escape, and the title is back."""
    for options in ({}, {"has_touch": True}):
        page = visit("q39/", **options)
        abbreviation = page.locator(".spoken abbr").first
        words = abbreviation.get_attribute("title")
        abbreviation.tap() if options else abbreviation.hover()
        box = page.get_by_role("tooltip")
        assert box.inner_text() == words
        page.keyboard.press("Escape")
        assert box.count() == 0
        assert abbreviation.get_attribute("title") == words
