"""axe violations on a page that is open in the browser."""

from axe_playwright_python.sync_playwright import Axe

# Not `Axe.run`: it also returns the rules that passed, and takes twice as long.
RUN = """([context, options]) => axe.run(context, options).then(({violations}) =>
  violations.flatMap(({id, nodes}) => nodes.map(({html}) =>
    `${id}: ${html.slice(0, 160)}`)))"""
# Contrast depends on text style and background only: axe checks one element of each
# combination, as checking the thousands of a long page would be slow.
MARK_LOOKS = """() => {
  const grounds = new Map([[null, ""]]);
  const ground = (element) => {
    if (!grounds.has(element)) {
      const s = getComputedStyle(element);
      const own = [s.backgroundColor, s.backgroundImage, s.opacity].join();
      const seen = own === "rgba(0, 0, 0, 0),none,1" ? "" : own + "/";
      grounds.set(element, ground(element.parentElement) + seen);
    }
    return grounds.get(element);
  };
  const looks = new Set();
  for (const element of document.querySelectorAll("body *")) {
    delete element.dataset.look;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
        || !element.checkVisibility()) continue;
    const s = getComputedStyle(element);
    const look = [s.color, s.fontSize, s.fontWeight, ground(element)].join();
    if (!looks.has(look)) element.dataset.look = "";
    looks.add(look);
  }
  return looks.size;
}"""


def axe_findings(
    page, include: str = "html", only: list[str] | None = None
) -> list[str]:
    """Violations as rule and element; contrast is checked only if `only` names it."""
    rules = (
        {"runOnly": only} if only else {"rules": {"color-contrast": {"enabled": False}}}
    )  # axe treats 0 as true
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options = {"resultTypes": ["violations"], **rules}
    return page.evaluate(RUN, [{"include": [include]}, options])


# The shadows of boxes that scroll: axe takes no contrast on a gradient.
FLAT = "document.querySelectorAll('.table-box, div.arithmatex')" + (
    ".forEach((box) => { box.style.background = 'none'; })"
)


def contrast_findings(page) -> list[str]:
    """Text with too little contrast; one element of each style is checked."""
    page.evaluate(FLAT)
    assert page.evaluate(MARK_LOOKS) > 5
    return axe_findings(page, "[data-look]", only=["color-contrast"])
