// The search box. Nothing is loaded before it is used: then search-worker.js loads the
// index and ranks, and this script shows what it finds. The look is the theme's.
{
  const KINDS = {
    main: "Question", question: "Question", task: "Whiteboard task", term: "Term", claim: "Claim", figure: "Figure",
    change: "What changed", page: "Page", section: "Section", derivation: "Derivation",
    reference: "Reference",
  };
  const local = location.protocol === "file:";
  const script = document.currentScript.src;
  const base = new URL("..", script);

  const find = (name) => document.querySelector(`.md-search${name}`);
  const input = find("__input");
  const status = find("-result__meta");
  const list = find("-result__list");
  const toggle = document.getElementById("__search");
  let worker = null;
  let ready = false;
  let shown = ""; // the query whose hits are in the list
  let following = false; // Enter was pressed before the hits were there

  const element = (name, className, ...children) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...children);
    return node;
  };

  const open = (wanted) => {
    if (toggle.checked !== wanted) toggle.click(); // the theme listens to clicks
  };

  // What works where the search does not.
  const explain = (sentence) => {
    const page = (address, name) => {
      const link = element("a", "", name);
      link.href = new URL(address + (local ? "index.html" : ""), base);
      return link;
    };
    list.replaceChildren();
    status.replaceChildren(`${sentence} Or look in the `, page("reference/glossary/", "glossary"),
      " and the ", page("practice/", "question bank"), ".");
  };

  const start = () => {
    if (worker) return;
    if (local) {
      explain("The search needs a web server: run “make serve” in the repository.");
      return;
    }
    worker = new Worker(new URL("search-worker.js", script));
    worker.addEventListener("message", ({ data }) => {
      if (data.failed) fail();
      else if (data.ready) ready = true;
      if (data.ready) ask();
      if (data.hits && data.query === input.value) show(data);
    });
    worker.addEventListener("error", fail);
  };

  const fail = () => {
    worker?.terminate(); // the next letter tries again
    worker = null;
    ready = false;
    explain("The search index could not be loaded; are you offline? Keep typing to try again.");
  };

  const ask = () => {
    start();
    if (!worker) return;
    if (!input.value.trim()) {
      list.replaceChildren();
      status.textContent = "Type to search";
    } else if (ready) {
      worker.postMessage(input.value);
    } else {
      status.textContent = "Loading the index …";
    }
  };

  // Every second piece of a text is what was searched for.
  const pieces = (parts) => parts.map((part, n) => (n % 2 ? element("mark", "", part) : part));

  const item = (hit) => {
    const words = [hit.title, hit.text].flatMap((parts) => parts.filter((_, n) => n % 2));
    const address = new URL(hit.url, base);
    address.searchParams.set("h", [...new Set(words.map((word) => word.toLowerCase()))].join(" "));
    const kind = KINDS[hit.kind] === hit.page ? hit.page : `${KINDS[hit.kind]} · ${hit.page}`;
    const link = element("a", "md-search-result__link", element("span", "search-kind", kind),
      element("strong", "", ...pieces(hit.title)), element("span", "", ...pieces(hit.text)));
    link.href = address;
    link.tabIndex = -1; // the arrows reach it
    return element("li", "md-search-result__item", link);
  };

  const follow = () => {
    following = shown !== input.value;
    if (!following) list.querySelector("a")?.click();
  };

  const show = ({ query, hits, total }) => {
    shown = query;
    list.replaceChildren(...hits.map(item));
    const number = total > hits.length ? `The best ${hits.length} of ${total} places`
      : `${total} ${total === 1 ? "place" : "places"}, the best first`;
    status.textContent = total ? number : "Nothing found";
    if (following) follow();
  };

  // Up and down go round: the box, and every hit.
  const move = (step) => {
    const stops = [input, ...list.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    stops[(Math.max(at, 0) + step + stops.length) % stops.length].focus();
  };

  const KEYS = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Escape: () => { open(false); input.blur(); },
  };

  addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (toggle.checked) {
      if (event.key === "Tab") open(false); // and the focus moves on
      if (!(event.key in KEYS)) return;
      KEYS[event.key]();
    } else {
      const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
      if (typing || !"/sf".includes(event.key)) return;
      input.focus();
      input.select();
    }
    event.preventDefault();
  });

  input.addEventListener("focus", () => { open(true); start(); });
  input.addEventListener("input", () => { following = false; ask(); });
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    follow();
  });
  input.form.addEventListener("reset", () => { input.focus(); setTimeout(ask); });
  toggle.addEventListener("change", () => { if (toggle.checked) input.focus(); });
  list.addEventListener("click", ({ target }) => { if (target.closest("a")) open(false); });
}
