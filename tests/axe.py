"""What axe has against a page that is open in the browser."""

from axe_playwright_python.sync_playwright import Axe

# Asked here and not by `Axe.run`, which sends what passed too, and takes twice as long.
RUN = """([context, options]) => axe.run(context, options).then(({violations}) =>
  violations.flatMap(({id, nodes}) => nodes.map(({html}) =>
    `${id}: ${html.slice(0, 160)}`)))"""
# Contrast depends on the letters and on the grounds behind them: axe looks at one
# element of each such look, as the thousands of a long page would take it long.
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
    """What axe has against a page, contrasts only if asked for: rule and element."""
    asked = (
        {"runOnly": only} if only else {"rules": {"color-contrast": {"enabled": False}}}
    )  # axe takes a 0 for true
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options = {"resultTypes": ["violations"], **asked}
    return page.evaluate(RUN, [{"include": [include]}, options])


def contrast_findings(page) -> list[str]:
    """Letters too faint for their ground; one element of each look is asked."""
    assert page.evaluate(MARK_LOOKS) > 5
    return axe_findings(page, "[data-look]", only=["color-contrast"])
