// Marks the pages that were opened, in the navigation and in lists of pages; loads the
// bar of the chosen plan. Without this script the navigation only lacks the marks.
(() => {
  const prefix = "model-paradigms.visited.";
  const config = JSON.parse(document.getElementById("__config").textContent);
  const root = new URL(`${config.base}/`, location.href.replace(/[?#].*/, "")).href;
  const pathOf = (href) => href.replace(/[?#].*/, "").replace(/index\.html$/, "").slice(root.length);

  const hidden = (textContent) =>
    Object.assign(document.createElement("span"), { className: "for-readers", textContent });

  // The sign that unfolds a section has no name of its own in the theme.
  for (const label of document.querySelectorAll(".md-nav__container > label")) {
    label.append(hidden(`Pages of ${label.previousElementSibling.textContent.trim()}`));
  }

  // Where the browser stores nothing, nothing was visited.
  const attempt = (work, otherwise) => {
    try {
      return work();
    } catch {
      return otherwise;
    }
  };
  const recorded = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  const visited = attempt(recorded, []);
  const links = [...document.querySelectorAll(".md-nav--primary a.md-nav__link, .page-list a")];
  for (const link of links) {
    if (link.hash || !visited.includes(prefix + pathOf(link.href))) continue;
    const mark = Object.assign(document.createElement("span"), { className: "visited" });
    mark.append("✓", hidden(" visited"));
    if (link.matches(".page-list a")) link.after(" ", mark);
    else link.append(mark);
  }
  // The page of a wrong address is none of the navigation.
  const known = document.querySelector(".md-nav--primary a.md-nav__link--active");
  if (known) attempt(() => localStorage.setItem(prefix + pathOf(location.href), "1"));

  const state = document.querySelector("[data-visited]");
  if (state && visited.length) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "Clear the marks" });
    const noun = visited.length > 1 ? "pages" : "page";
    state.append(`${visited.length} ${noun} visited `, button);
    button.addEventListener("click", () => {
      recorded().forEach((key) => localStorage.removeItem(key));
      document.querySelectorAll(".visited").forEach((mark) => mark.remove());
      state.setAttribute("role", "status");
      state.textContent = "No page is marked as visited.";
    });
  }

  if (attempt(() => localStorage.getItem("model-paradigms.plan"))) {
    const sheet = document.createElement("link");
    const script = document.createElement("script");
    Object.assign(sheet, { rel: "stylesheet", href: `${root}stylesheets/plan-bar.css` });
    script.src = `${root}javascripts/plan-bar.js`;
    sheet.addEventListener("load", () => document.body.append(script)); // unstyled, it would jump
    document.head.append(sheet);
  }
})();
