// A mock interview: one question at a time, a clock, follow-ups, a report that stays.
import { LEVELS, bank, texts } from "./bank.js";
import { ROOT, anyOf, button, choice, download, element, status, trustedHtml } from "./dom.js";
import { draft } from "./draft.js";
import { dueButton } from "./grading.js";
import { clock, nextQuestion, report, transcript } from "./interview-course.js";
import { problems } from "./notice.js";
import { quantity } from "./numbers.js";
import { storage } from "./storage.js";
import { scrolling, table } from "./tables.js";

/** @typedef {import("./bank.js").Bank} Bank */
/** @typedef {import("./bank.js").Card} Card */
/** @typedef {import("./bank.js").Texts} Texts */
/** @typedef {import("./interview-course.js").Interview} Interview */

const MINUTES = [10, 20, 30, 45];

/** @param {HTMLElement} place */
export const mount = async (place) => {
  const all = await bank();
  const view = element("div", { className: "practice-card", tabIndex: -1, role: "group", ariaLabel: "Interview" });
  place.replaceChildren(view, problems());
  await choose(view, all);
};

/** @param {Interview} interview */
const save = (interview) => {
  interview.changed = Date.now();
  return storage.update("interviews", interview.id, () => /** @type {any} */ ({ ...interview }));
};

/** Earlier interviews, the newest first. @returns {Promise<Interview[]>} */
const earlier = async () => {
  const rows = /** @type {any[]} */ ([...(await storage.all("interviews")).values()]);
  // Rows of another version or another tool are left alone.
  return rows.filter((row) => Array.isArray(row.answered) && typeof row.started === "number")
    .sort((one, other) => other.started - one.started);
};

/** @param {HTMLElement} view @param {Node[]} children */
const show = (view, ...children) => {
  view.replaceChildren(...children);
  if (view.contains(document.activeElement) || document.activeElement === document.body) view.focus({ preventScroll: true });
  if (view.getBoundingClientRect().top < 0) view.scrollIntoView();
};

/** Minutes, level, topic, and earlier interviews. @param {HTMLElement} view @param {Bank} all */
const choose = async (view, all) => {
  const minutes = choice("Minutes", MINUTES.map((value) => [String(value), String(value)]), () => {});
  minutes.select.value = "20";
  const level = choice("Level", anyOf(LEVELS), () => {});
  const topic = choice("Topic", anyOf(Object.entries(all.topics)), () => {});
  const mode = choice("Answer", [["aloud", "aloud"], ["typed", "typed"]], () => {});
  const start = button("Start the interview", () => {
    const now = Date.now();
    /** @type {Interview} */
    const interview = {
      id: String(now), changed: now, started: now, minutes: Number(minutes.select.value),
      level: level.select.value, topic: topic.select.value, typing: mode.select.value === "typed",
      left: Number(minutes.select.value) * 60_000, current: "", answered: [], ended: false,
    };
    ask(view, all, interview, nextQuestion(all.cards, interview, ""));
  });
  start.classList.add("practice-main");
  const past = await earlier();
  const open = past.find(({ ended }) => !ended);
  show(view,
    element("div", "practice-filters", minutes.node, level.node, topic.node, mode.node),
    element("div", "practice-row", start,
      ...(open ? [button(`Continue the interview of ${day(open.started)}`, () => {
        ask(view, all, open, all.cards.find(({ id }) => id === open.current) ?? nextQuestion(all.cards, open, ""));
      })] : [])),
    ...(past.some(({ ended }) => ended) ? [
      element("p", {}, element("strong", {}, "Earlier interviews")),
      element("ul", {}, ...past.filter(({ ended }) => ended).slice(0, 10).map((interview) => element("li", {},
        button(`${day(interview.started)}: ${quantity(interview.answered.length, "question")}`, () => sum(view, all, interview))))),
    ] : []));
};

/** @param {number} time */
const day = (time) => new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

/**
 * One question: the clock runs until the answer is shown.
 * @param {HTMLElement} view @param {Bank} all @param {Interview} interview @param {Card | undefined} card
 */
const ask = async (view, all, interview, card) => {
  if (!card) return end(view, all, interview);
  interview.current = card.id;
  const answerDraft = draft(`interview-${interview.id}`, card.id);
  const [text, written] = await Promise.all([texts(card), answerDraft.text(), save(interview)]);
  const shown = Date.now();
  const timer = startClock(view, interview);
  const typed = element("textarea", { rows: 6, className: "practice-text", maxLength: 20_000, ariaLabel: "Your answer", value: written });
  typed.addEventListener("input", () => answerDraft.write(typed.value));
  const answer = button("Show the answer", () => {
    timer.stop();
    grade(view, all, interview, card, text, { typed: typed.value, seconds: (Date.now() - shown) / 1000, draft: answerDraft });
  });
  answer.classList.add("practice-main");
  show(view,
    timer.node,
    element("p", "practice-labels", `Question ${interview.answered.length + 1}: `, element("span", "level", card.level), ` ${all.topics[card.topic]}`),
    element("p", "practice-question", trustedHtml(text.question)),
    ...(interview.typing ? [typed] : [element("p", {}, "Answer aloud.")]),
    element("div", "practice-row", answer, button("End the interview", () => {
      timer.stop();
      answerDraft.drop();
      end(view, all, interview);
    })));
};

/**
 * A clock that can be stopped and lengthened; it says when the time is over.
 * @param {HTMLElement} view
 * @param {Interview} interview
 */
const startClock = (view, interview) => {
  const line = element("span", { className: "practice-clock", role: "timer" });
  const over = status();
  let last = Date.now();
  let running = true;
  const tick = () => {
    const now = Date.now();
    if (running) interview.left -= now - last;
    last = now;
    line.textContent = clock(interview.left);
    if (interview.left <= 0) over.textContent = "The time is up: finish this answer, add minutes, or end the interview.";
    if (!view.isConnected) clearInterval(ticking);
  };
  const ticking = setInterval(tick, 500);
  const pause = button("Stop the clock", () => {
    tick();
    running = !running;
    pause.textContent = running ? "Stop the clock" : "Start the clock";
  });
  const more = button("5 minutes more", () => {
    interview.left = Math.max(interview.left, 0) + 300_000;
    over.textContent = "";
    tick();
  });
  tick();
  return {
    node: element("div", {}, element("div", "practice-row", line, pause, more), over),
    stop: () => { tick(); clearInterval(ticking); },
  };
};

/**
 * The answer with its key points to tick.
 * @param {HTMLElement} view @param {Bank} all @param {Interview} interview
 * @param {Card} card @param {Texts} text
 * @param {{ typed: string, seconds: number, draft: ReturnType<typeof draft> }} answer
 */
const grade = (view, all, interview, card, text, { typed, seconds, draft: answerDraft }) => {
  const boxes = text.points.map(() => element("input", { type: "checkbox" }));
  const points = element("ul", "key-points", ...text.points.map((point, at) =>
    element("li", {}, element("label", "practice-tick", boxes[at], element("span", {}, trustedHtml(point))))));
  const keep = () => {
    const said = boxes.map(({ checked }) => checked);
    interview.answered.push({ card: card.id, said, typed, seconds });
    save(interview).then(answerDraft.drop);
    const missed = said.indexOf(false);
    return missed < 0 ? "" : trustedHtml(text.points[missed]).textContent ?? "";
  };
  const next = button("Next question", () => {
    const missed = keep();
    ask(view, all, interview, nextQuestion(all.cards, interview, missed));
  });
  next.classList.add("practice-main");
  show(view,
    element("p", "practice-question", trustedHtml(text.question)),
    ...(typed.trim() ? [element("p", {}, element("strong", {}, "You wrote")), element("blockquote", "practice-written", typed)] : []),
    element("p", {}, trustedHtml(text.answer)), trustedHtml(text.board),
    element("p", {}, element("strong", {}, "Tick what you said")),
    points,
    element("div", "practice-row", next, button("End the interview", () => { keep(); end(view, all, interview); })));
};

/** @param {HTMLElement} view @param {Bank} all @param {Interview} interview */
const end = async (view, all, interview) => {
  interview.ended = true;
  interview.current = "";
  await save(interview);
  await sum(view, all, interview);
};

/** The report by topic. @param {HTMLElement} view @param {Bank} all @param {Interview} interview */
const sum = async (view, all, interview) => {
  const topics = report(all.cards, interview);
  const missed = [...topics.values()].flatMap((row) => row.missed);
  const line = status();
  const due = dueButton(`Make ${quantity(missed.length, "question")} with missed key points due`, missed.map(({ id }) => id), line);
  const rows = [...topics].map(([topic, row]) => [all.topics[topic] ?? topic, `${row.asked}`, `${row.said} of ${row.points}`]);
  show(view,
    element("p", "practice-question", `Interview of ${day(interview.started)}: ${quantity(interview.answered.length, "question")}`),
    element("p", {}, "You graded yourself; the site does not check what you said."),
    scrolling("Report", table(["Topic", "Questions", "Key points said"], rows)),
    ...(missed.length ? [
      element("p", {}, element("strong", {}, "Questions with missed key points")),
      element("ul", {}, ...missed.map((card) => element("li", {}, element("a", { href: new URL(card.page, ROOT).href }, card.question)))),
    ] : []),
    element("div", "practice-row",
      ...(missed.length ? [due] : []),
      button("Transcript as Markdown", () => saveTranscript(all, interview)),
      button("New interview", () => choose(view, all))),
    line);
};

/** @param {Bank} all @param {Interview} interview */
const saveTranscript = async (all, interview) => {
  /** @type {Map<string, string[]>} */
  const points = new Map();
  for (const { card: id } of interview.answered) {
    const card = all.cards.find((other) => other.id === id);
    if (card) points.set(id, (await texts(card)).points.map((point) => trustedHtml(point).textContent ?? ""));
  }
  const name = `interview-${new Date(interview.started).toISOString().slice(0, 10)}.md`;
  download(name, transcript(all.cards, interview, (card) => points.get(card.id) ?? []), "text/markdown");
};
