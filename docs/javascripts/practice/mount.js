// Puts the tools on a page; the build adds this script to pages that have a place for one.
// A place is an element with `data-practice="NAME"`: NAME.js is loaded and its `mount` is
// called with the element. A question loads cards.js when it is opened, not before.
// This is no module, so that it also runs where a page is opened as a file.
{
  const script = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const root = new URL("../..", script);
  const local = location.protocol === "file:";

  /** @type {Promise<void> | undefined} */
  let sheet;
  const styled = () => (sheet ??= new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("stylesheets/practice.css", root).href;
    link.onload = link.onerror = () => resolve();
    document.head.append(link);
  }));

  /** @param {Element} place @param {string} text */
  const say = (place, text) => {
    const line = document.createElement("p");
    line.textContent = text;
    line.setAttribute("role", "status");
    place.append(line);
  };

  /** @param {string} name @param {HTMLElement} place */
  const load = async (name, place) => {
    try {
      const [tool] = await Promise.all([import(new URL(`${name}.js`, script).href), styled()]);
      await tool.mount(place);
    } catch (error) {
      console.error(error);
      say(place, "This part of the page could not be loaded; reload the page when you are online.");
    }
  };

  for (const place of document.querySelectorAll("[data-practice]")) {
    if (!(place instanceof HTMLElement)) continue;
    if (local) say(place, place.dataset.local ?? "Practising needs a web server: run “make serve” in the repository.");
    else load(place.dataset.practice ?? "", place);
  }

  // Printing opens every fold; nothing is graded on paper.
  /** @type {WeakSet<Element>} */
  const graded = new WeakSet();
  document.addEventListener("toggle", ({ target: question }) => {
    if (local || !(question instanceof HTMLDetailsElement) || !question.open) return;
    if (!question.matches("details.question") || graded.has(question)) return;
    if (matchMedia("print").matches) return;
    graded.add(question);
    load("cards", question);
  }, true);
}
