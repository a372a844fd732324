// The quiz: one question at a time, then why each option is right or wrong.
import { LEVELS } from "./bank.js";
import { ROOT, anyOf, button, choice, element, status } from "./dom.js";
import { dueButton } from "./grading.js";
import { problems } from "./notice.js";
import { quantity } from "./numbers.js";
import { resultAfter, round } from "./quiz-round.js";
import { storage } from "./storage.js";

/** @typedef {import("./quiz-round.js").Item} Item */
/** @typedef {import("./quiz-round.js").Option} Option */
/** @typedef {{ topics: Record<string, string>, items: Item[] }} Quiz */
/** @typedef {{ item: Item, options: Option[] }} QuizQuestion */
/** @typedef {{ view: HTMLElement, line: HTMLElement, quiz: Quiz, keys: Record<string, () => void>, begun: boolean }} Desk */

/** @type {[string, string][]} */
const COUNTS = [["5", "5"], ["10", "10"], ["20", "20"], ["0", "all"]];
/** @type {[string, string][]} */
const PARTS = [["all", "all"], ["open", "not yet right"], ["missed", "missed last time"]];

/** @param {HTMLElement} place */
export const mount = async (place) => {
  const answer = await fetch(new URL("practice/quiz/items.json", ROOT));
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  const view = element("div", { className: "practice-card practice-quiz", tabIndex: -1, role: "group", ariaLabel: "Quiz" });
  /** @type {Desk} */
  const desk = { view, line: status(), quiz: await answer.json(), keys: {}, begun: false };
  // Only while the focus is in the quiz: elsewhere the keys belong to the browser.
  view.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const control = /** @type {Element} */ (event.target).closest("a, button, select");
    const action = control && event.key === "Enter" ? undefined : desk.keys[event.key];
    if (!action || control?.matches("select")) return;
    event.preventDefault();
    action();
  });
  place.replaceChildren(view, desk.line, problems());
  choose(desk);
};

/**
 * Put a step into the view; after a reader's action it has the focus, and a phone shows
 * it from its top.
 * @param {Desk} desk @param {Record<string, () => void>} keys @param {Node[]} children
 */
const show = (desk, keys, ...children) => {
  const { view } = desk;
  desk.keys = keys;
  view.replaceChildren(...children);
  if (!desk.begun) return;
  view.focus({ preventScroll: true });
  const { top, bottom } = view.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) view.scrollIntoView();
};

/** Level, topic, number. @param {Desk} desk */
const choose = (desk) => {
  const { quiz, line } = desk;
  const level = choice("Level", anyOf(LEVELS), () => {});
  const topic = choice("Topic", anyOf(Object.entries(quiz.topics)), () => {});
  const count = choice("Questions", COUNTS, () => {});
  const part = choice("Which", PARTS, () => {});
  count.select.value = "10";
  const start = button("Start the quiz", async () => {
    const results = /** @type {Map<string, any>} */ (await storage.all("quiz"));
    const filter = {
      level: level.select.value, topic: topic.select.value, part: part.select.value, count: Number(count.select.value),
    };
    const quizQuestions = round(quiz.items, results, filter, crypto.getRandomValues(new Uint32Array(1))[0]);
    if (!quizQuestions.length) {
      line.textContent = "No question passes these filters: choose another level, topic or part.";
      return;
    }
    line.textContent = "";
    desk.begun = true;
    ask(desk, quizQuestions, []);
  });
  start.classList.add("practice-main");
  show(desk, {},
    element("div", "practice-filters", level.node, topic.node, count.node, part.node),
    element("div", "practice-row", start));
};

/**
 * One question of the round.
 * @param {Desk} desk @param {QuizQuestion[]} quizQuestions @param {boolean[]} verdicts whether each answer so far was right
 */
const ask = (desk, quizQuestions, verdicts) => {
  const now = quizQuestions[verdicts.length];
  if (!now) return sum(desk, quizQuestions, verdicts);
  const { item, options } = now;
  /** @type {Record<string, () => void>} */
  const keys = {};
  const buttons = options.map((option, at) => {
    const take = () => explain(desk, quizQuestions, verdicts, option);
    keys[at + 1] = take;
    const node = button("", take);
    node.append(element("span", "practice-key", String(at + 1)), " ", element("span", {}, option.text));
    return element("li", {}, node);
  });
  show(desk, keys,
    heading(desk, quizQuestions, verdicts.length),
    element("p", "practice-question", item.stem),
    element("ol", "practice-options", ...buttons));
};

/** @param {Desk} desk @param {QuizQuestion[]} quizQuestions @param {number} at */
const heading = ({ quiz }, quizQuestions, at) => element("p", "practice-labels",
  `Question ${at + 1} of ${quizQuestions.length}: `, element("span", "level", quizQuestions[at].item.level), ` ${quiz.topics[quizQuestions[at].item.topic]}`);

/**
 * Why each option is right or wrong; the result is stored.
 * @param {Desk} desk @param {QuizQuestion[]} quizQuestions @param {boolean[]} verdicts @param {Option} chosen
 */
const explain = (desk, quizQuestions, verdicts, chosen) => {
  const { item, options } = quizQuestions[verdicts.length];
  const right = chosen === item.options[0];
  storage.update("quiz", item.id, (/** @type {any} */ before) => /** @type {any} */ (resultAfter(before, item, right)));
  const after = [...verdicts, right];
  const next = () => { desk.line.textContent = ""; ask(desk, quizQuestions, after); };
  const go = button(after.length < quizQuestions.length ? "Next question" : "Show the result", next);
  go.classList.add("practice-main");
  show(desk, { Enter: next },
    heading(desk, quizQuestions, verdicts.length),
    element("p", "practice-question", item.stem),
    element("ol", "practice-options", ...options.map((option, at) => explanation(item, option, at, option === chosen))),
    element("div", "practice-row", go));
  desk.line.textContent = right ? "Right." : `Wrong. Right is option ${options.indexOf(item.options[0]) + 1}.`;
};

/** @param {Item} item @param {Option} option @param {number} at @param {boolean} chosen */
const explanation = (item, option, at, chosen) => {
  const right = option === item.options[0];
  const marks = [right ? " practice-right" : "", chosen ? " practice-chosen" : ""];
  return element("li", `practice-option${marks.join("")}`,
    element("p", {}, element("span", "practice-key", String(at + 1)), " ",
      element("strong", {}, right ? "✓ Right: " : "✗ Wrong: "), option.text,
      ...(chosen ? [" ", element("em", {}, "(your choice)")] : [])),
    element("p", {}, option.because, " ", element("a", { href: new URL(option.page, ROOT).href }, option.title)));
};

/** The result of the round. @param {Desk} desk @param {QuizQuestion[]} quizQuestions @param {boolean[]} verdicts */
const sum = (desk, quizQuestions, verdicts) => {
  const missed = quizQuestions.filter((_, at) => !verdicts[at]);
  const due = dueButton(`Make ${quantity(missed.length, "question")} due as cards`, missed.map(({ item }) => item.card), desk.line);
  const again = button("Ask the missed ones again", () => { desk.line.textContent = ""; ask(desk, missed, []); });
  const other = button("New quiz", () => { desk.line.textContent = ""; choose(desk); });
  other.classList.add("practice-main");
  show(desk, {},
    element("p", "practice-question", `${verdicts.length - missed.length} of ${quantity(verdicts.length, "question")} right`),
    ...(missed.length ? [
      element("p", {}, element("strong", {}, "Missed")),
      element("ul", {}, ...missed.map(({ item }) => element("li", {},
        element("a", { href: new URL(item.options[0].page, ROOT).href }, item.stem)))),
    ] : []),
    element("div", "practice-row", other, ...(missed.length ? [again, due] : [])));
};
