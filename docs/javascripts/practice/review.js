// The review page: one card after another, chosen by filters, graded by key or touch.
import { LEVELS, bank, texts } from "./bank.js";
import { draw, select } from "./deck.js";
import { ROOT, anyOf, attend, button, choice, element, status, trustedHtml } from "./dom.js";
import { outcome, panel, store } from "./grading.js";
import { problems } from "./notice.js";
import { quantity } from "./numbers.js";
import { nextReview } from "./schedule.js";
import { storage } from "./storage.js";

/** @typedef {import("./bank.js").Card} Card */
/** @typedef {import("./schedule.js").Review} Review */
/** @typedef {import("./schedule.js").Grade} Grade */

/** @type {[value: import("./deck.js").Part, text: string][]} */
const PARTS = [["due", "Due today"], ["unseen", "Not seen yet"], ["missed", "Missed last time"], ["all", "All"]];
/** A button with its key, which is shown where there are keys. @param {string} label @param {string} key @param {() => void} action */
const keyButton = (label, key, action) => {
  const node = button(label, action);
  node.append(element("span", "practice-key", ` (${key})`));
  return node;
};

/** @param {HTMLElement} place */
export const mount = async (place) => {
  const [{ cards, topics }, stored] = await Promise.all([bank(), storage.all("reviews")]);
  const reviews = /** @type {Map<string, Review>} */ (/** @type {unknown} */ (stored));

  /** @type {Card[]} */
  let deck = [];
  /** @type {Card | undefined} */
  let card;
  /** What the keys do on the card that is shown: a grade after the answer, else nothing. */
  let grade = (/** @type {Grade} */ _) => {};
  let reveal = () => {};
  /** @type {{ card: Card, before: Review | undefined, undo: () => Promise<boolean> }[]} */
  const done = [];

  const choices = {
    part: choice("Cards", PARTS, () => restart()),
    level: choice("Level", anyOf(LEVELS), () => restart()),
    topic: choice("Topic", anyOf(Object.entries(topics)), () => restart()),
    kind: choice("Kind", anyOf([...new Set(cards.map(({ kind }) => kind))]), () => restart()),
  };
  const filter = () => ({
    part: /** @type {import("./deck.js").Part} */ (choices.part.select.value),
    level: choices.level.select.value,
    topic: choices.topic.select.value,
    kind: choices.kind.select.value,
  });
  const line = status();
  const view = element("div", { className: "practice-card", tabIndex: -1 });
  view.setAttribute("role", "group");
  view.setAttribute("aria-label", "Card");
  const undoButton = keyButton("Undo", "u", () => undo());

  const tell = (text = "") => {
    line.textContent = `${text} ${quantity(deck.length, "card")} left.`.trim();
    undoButton.disabled = !done.length;
  };

  const empty = () => {
    const { part, ...others } = filter();
    const chosen = Object.values(others).some(Boolean);
    const due = chosen ? "None of the cards that you chose is due today." : "Nothing is due today.";
    view.replaceChildren(element("p", {}, part === "due" ? due : "No card matches these filters."));
    if (part === "due") {
      view.append(button("Start with cards that you have not seen", () => {
        choices.part.select.value = "unseen";
        restart();
      }));
    }
  };

  /** @param {Card | undefined} next */
  const show = async (next) => {
    card = next;
    grade = reveal = () => {};
    if (!next) return empty();
    const text = await texts(next);
    if (card !== next) return; // another one was chosen while this was loading
    const link = element("a", { href: new URL(next.page, ROOT).href }, "Show the page");
    const answer = button("Show the answer", () => reveal());
    answer.classList.add("practice-main");
    view.replaceChildren(
      element("p", "practice-labels", element("span", "level", next.level), " ",
        element("span", "level", next.kind), ` ${topics[next.topic]}`),
      element("p", "practice-question", trustedHtml(text.question)),
      element("div", "practice-row", answer, keyButton("Skip", "s", () => skip()), link),
    );
    reveal = () => {
      reveal = () => {};
      const list = element("ul", "key-points", ...text.points.map((point) => element("li", {}, trustedHtml(point))));
      const grading = panel({ list, review: reviews.get(next.id), grade: (value) => grade(value) });
      answer.replaceWith();
      view.append(element("div", "practice-answer", element("p", {}, trustedHtml(text.answer)), trustedHtml(text.board),
        ...(text.wrong ? [element("p", "said", "✗ Common wrong answer: ", element("q", {}, trustedHtml(text.wrong)))] : []),
        element("p", {}, element("strong", {}, "A strong answer contains")), list, grading.node));
      grade = (value) => rate(next, value);
      view.focus({ preventScroll: true });
    };
    // So that the next card is there when it is wanted.
    const following = deck[deck.indexOf(next) + 1];
    if (following) texts(following).catch(() => {});
  };

  /** @param {Card} rated @param {Grade} value */
  const rate = (rated, value) => {
    const before = reviews.get(rated.id);
    const saved = store(rated.id, value);
    // The next card does not wait for the disk.
    const after = nextReview(before, rated.id, value);
    reviews.set(rated.id, after);
    done.push({ card: rated, before, undo: async () => (await saved).undo() });
    deck = select(cards, reviews, filter());
    if (filter().part !== "due") deck = deck.filter((other) => !done.some((entry) => entry.card === other));
    tell(outcome(after));
    show(deck[0]);
    attend(view);
  };

  const undo = async () => {
    const last = done.pop();
    if (!last) return;
    const taken = await last.undo();
    if (taken && last.before) reviews.set(last.card.id, last.before);
    else if (taken) reviews.delete(last.card.id);
    tell(taken ? "Undone." : "The card was graded again in another tab: nothing was undone.");
    deck = [last.card, ...deck.filter((other) => other !== last.card)];
    show(last.card);
    attend(view);
  };

  const skip = () => {
    if (!card) return;
    const skipped = card;
    deck = [...deck.filter((other) => other !== skipped), skipped];
    show(deck[0]);
    attend(view);
  };

  const random = () => {
    const next = draw(deck, card);
    if (next) deck = [next, ...deck.filter((other) => other !== next)];
    show(next);
    attend(view);
  };

  const restart = () => {
    deck = select(cards, reviews, filter());
    tell();
    return show(deck[0]);
  };

  // Only while the focus is in the card: elsewhere the keys belong to the browser.
  view.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const control = /** @type {Element} */ (event.target).closest("a, button, input");
    /** @type {Record<string, () => void>} */
    const keys = { u: undo, s: skip, r: random };
    for (const value of [1, 2, 3, 4]) keys[value] = () => grade(/** @type {Grade} */ (value));
    if (!control) keys[" "] = keys.Enter = () => reveal();
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation(); // the theme goes to the search at s
    action();
  });
  storage.on("change", async () => {
    const rows = /** @type {Map<string, any>} */ (await storage.all("reviews"));
    reviews.clear();
    rows.forEach((row, id) => reviews.set(id, row));
  });

  place.replaceChildren(
    element("details", { className: "practice-fold", open: !matchMedia("(max-width: 480px)").matches },
      element("summary", {}, "Choose cards"),
      element("div", "practice-filters", ...Object.values(choices).map(({ node }) => node))),
    element("div", "practice-row", keyButton("Random card", "r", random), undoButton),
    line, view, problems());
  if (!select(cards, reviews, filter()).length) choices.part.select.value = "unseen";
  await restart();
  if (document.activeElement === document.body) view.focus({ preventScroll: true });
};
