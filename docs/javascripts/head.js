// Runs in the head, before the body is painted: the functions that the theme's scripts
// share, and the colours, those chosen before, else those of the system. The theme has
// this inline, which the Content-Security-Policy forbids.
{
  const scope = new URL("..", document.currentScript.src);
  const key = (name, { pathname }) => `${pathname}.${name}`;
  const read = (name, storage = localStorage, place = scope) => JSON.parse(storage.getItem(key(name, place)));
  Object.assign(globalThis, {
    __md_scope: scope,
    __md_hash: (text) => [...text].reduce((hash, letter) => (hash << 5) - hash + letter.charCodeAt(0), 0),
    __md_get: (...query) => {
      try {
        return read(...query);
      } catch { // denied, or damaged
        return null;
      }
    },
    __md_set: (name, value, storage = localStorage, place = scope) => {
      try {
        storage.setItem(key(name, place), JSON.stringify(value));
      } catch { /* denied or full: the choice lasts for this page */ }
    },
  });

  const SCHEMES = ["default", "slate"]; // in the order of mkdocs.yml
  const color = document.head.appendChild(document.createElement("meta"));
  color.name = "color-scheme";
  const stored = __md_get("__palette")?.index;
  let chosen = stored in SCHEMES ? Number(stored) : Number(matchMedia("(prefers-color-scheme: dark)").matches);
  let options = [];
  const show = () => {
    document.body.dataset.mdColorScheme = SCHEMES[chosen];
    color.content = chosen ? "dark" : "light";
    options.forEach((option, index) => { option.nextElementSibling.hidden = index !== chosen; });
  };
  const listen = (option, index) => {
    option.addEventListener("change", () => {
      chosen = index;
      show();
      __md_set("__palette", { index });
    });
    option.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const next = options[(chosen + 1) % options.length];
      next.click();
      next.focus();
    });
  };

  // An observer is called before the next painting: the body never shows other colours.
  const observer = new MutationObserver(() => {
    if (document.body?.dataset.mdColorScheme !== SCHEMES[chosen] && document.body) show();
    const labels = document.querySelectorAll("[name=__palette] + label");
    if (labels.length < SCHEMES.length) return;
    observer.disconnect();
    options = [...document.getElementsByName("__palette")];
    options.forEach(listen);
    show();
  });
  observer.observe(document, { childList: true, subtree: true });
}
