// Guess first: an output with a question (`data-guess`) stays covered until the reader has
// answered it or skips it. The build puts this script above the content of the pages that
// have such an output: it covers while the page is parsed, so that nothing moves later and
// nobody sees an answer flash. A module would run too late, and not where a page is
// opened as a file.
{
  const ALL = "model-paradigms.show-outputs"; // until the reader takes it back
  const GUESSES = "model-paradigms.guesses"; // until the tab is closed

  /** Storage may be denied, full or damaged. @template T @param {() => T} work */
  const attempt = (work) => {
    try {
      return work();
    } catch {
      return null;
    }
  };

  /**
   * @template {keyof HTMLElementTagNameMap} T
   * @param {T} tag
   * @param {Partial<HTMLElementTagNameMap[T]>} properties
   * @param {...(Node | string)} children
   */
  const element = (tag, properties, ...children) => {
    const node = document.createElement(tag);
    Object.assign(node, properties);
    node.append(...children);
    return node;
  };

  /** What was answered, by page and question; "" was skipped. @type {Record<string, string>} */
  const guesses = Object(attempt(() => JSON.parse(sessionStorage.getItem(GUESSES) ?? "")));
  const all = element("input", { type: "checkbox", checked: !!attempt(() => localStorage.getItem(ALL)) });
  /** @type {{ shown: HTMLElement, update: () => void, commit: (guess: string) => void }[]} */
  const covers = [];

  /** @param {HTMLElement} output */
  const cover = (output) => {
    const { guess: question = "", choices } = output.dataset;
    output.removeAttribute("data-guess");
    const key = `${location.pathname} ${question}`;
    const line = element("p", { className: "guess-line" });
    const shown = element("div", { className: "guess-output", tabIndex: -1 }, line);
    const inputs = choices
      ? choices.split("|").map((choice) => element("input", { type: "radio", name: question, value: choice.trim() }))
      : [element("input", { type: "text", maxLength: 200, autocomplete: "off", ariaLabel: "Your guess" })];
    const guess = () => (choices ? inputs.find((input) => input.checked) : inputs[0])?.value.trim() ?? "";
    const show = element("button", { disabled: true }, "Show the output");
    const skip = element("button", { type: "button" }, "Skip");
    const form = element("form", { className: "guess" },
      element("fieldset", {}, element("legend", {}, question),
        ...inputs.map((input) => element("label", {}, input, choices ? input.value : ""))),
      show, skip);

    const update = () => {
      const covered = !all.checked && !(key in guesses);
      form.hidden = !covered;
      if (covered) shown.setAttribute("hidden", "until-found"); // the browser's own search finds it
      else shown.removeAttribute("hidden");
      line.textContent = guesses[key] ? `${question} Your guess: ${guesses[key]}` : "";
    };
    /** @param {string} answer */
    const commit = (answer) => {
      guesses[key] = answer;
      attempt(() => sessionStorage.setItem(GUESSES, JSON.stringify(guesses)));
      update();
    };
    form.oninput = () => { show.disabled = !guess(); };
    form.onsubmit = (event) => {
      event.preventDefault();
      commit(guess());
      shown.focus();
    };
    skip.onclick = () => {
      commit("");
      shown.focus();
    };
    shown.addEventListener("beforematch", () => commit(""));
    output.before(form, shown);
    shown.append(output);
    if (!covers.length) form.before(element("label", { className: "guess-all" }, all, "Show all outputs"));
    covers.push({ shown, update, commit });
    update();
  };

  all.onchange = () => {
    attempt(() => (all.checked ? localStorage.setItem(ALL, "1") : localStorage.removeItem(ALL)));
    covers.forEach(({ update }) => update());
  };

  // An output that a link or a search leads to is not covered.
  const arrive = () => {
    const target = attempt(() => document.getElementById(decodeURIComponent(location.hash.slice(1))));
    if (!target) return;
    const words = (new URLSearchParams(location.search).get("h") ?? "").toLowerCase().split(" ").filter(Boolean);
    const headings = [...document.querySelectorAll("article :is(h1, h2, h3, h4)")];
    for (const { shown, commit } of covers) {
      const section = headings.findLast((heading) => heading.compareDocumentPosition(shown) & Node.DOCUMENT_POSITION_FOLLOWING);
      const text = shown.textContent?.toLowerCase();
      const hit = shown.contains(target) || (section === target && words.some((word) => text?.includes(word)));
      if (hit && shown.hidden) commit("");
    }
  };
  addEventListener("hashchange", arrive);

  const coverAll = () => document.querySelectorAll("[data-guess]").forEach((output) => cover(/** @type {HTMLElement} */ (output)));
  const observer = new MutationObserver(coverAll);
  observer.observe(document.body, { childList: true, subtree: true });
  // All is parsed, and what opens the target of a link has not run yet.
  document.addEventListener("readystatechange", () => {
    observer.disconnect();
    coverAll();
    arrive();
  }, { once: true });
}
