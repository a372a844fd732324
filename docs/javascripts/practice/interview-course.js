// The course of a mock interview: which question comes next, the report, the transcript.
// Pure functions, without page and storage.
import { LEVELS } from "./bank.js";

/** @typedef {import("./bank.js").Card} Card */

/**
 * One question of an interview: which key points were said, and what was typed.
 * @typedef {object} Answered
 * @property {string} card id of the question
 * @property {boolean[]} said by key point
 * @property {string} typed
 * @property {number} seconds
 */

/**
 * `left` are the milliseconds that remain, `current` the question that is open.
 * @typedef {object} Interview
 * @property {string} id
 * @property {number} changed
 * @property {number} started
 * @property {number} minutes
 * @property {string} level "" for any
 * @property {string} topic "" for any
 * @property {boolean} typing
 * @property {number} left
 * @property {string} current
 * @property {Answered[]} answered
 * @property {boolean} ended
 */

const WORD = /[a-z][a-z-]{3,}/g; // short words decide nothing

/**
 * The question to ask next: the follow-up that is nearest to the first key point that
 * was missed; with nothing missed the hardest follow-up; else one at random from the
 * topics and level that were chosen.  Undefined if every question was asked.
 * @param {readonly Card[]} cards
 * @param {Interview} interview
 * @param {string} missed text of the first missed key point, "" if there is none
 * @param {() => number} [random]
 * @returns {Card | undefined}
 */
export const nextQuestion = (cards, interview, missed, random = Math.random) => {
  const asked = new Set([interview.current, ...interview.answered.map(({ card }) => card)]);
  const byId = new Map(cards.map((card) => [card.id, card]));
  const last = byId.get(interview.current);
  const followUps = (last?.followUps ?? []).flatMap((id) => {
    const card = byId.get(id);
    return card && !asked.has(id) ? [card] : [];
  });
  if (followUps.length) {
    const worth = missed
      ? (/** @type {Card} */ card) => sharedWords(missed, card.question)
      : (/** @type {Card} */ card) => LEVELS.indexOf(card.level);
    return followUps.reduce((best, card) => (worth(card) > worth(best) ? card : best));
  }
  const rest = cards.filter((card) => !asked.has(card.id) && (!interview.level || card.level === interview.level));
  const chosen = rest.filter((card) => !interview.topic || card.topic === interview.topic);
  const pool = chosen.length ? chosen : rest;
  return pool[Math.floor(random() * pool.length)];
};

/** @param {string} one @param {string} other */
const sharedWords = (one, other) => {
  const words = new Set(other.toLowerCase().match(WORD));
  return new Set(one.toLowerCase().match(WORD)?.filter((word) => words.has(word))).size;
};

/**
 * By topic: questions asked, key points said and in all, and the questions with a miss.
 * @param {readonly Card[]} cards
 * @param {Interview} interview
 */
export const report = (cards, interview) => {
  const byId = new Map(cards.map((card) => [card.id, card]));
  /** @type {Map<string, { asked: number, said: number, points: number, missed: Card[] }>} */
  const topics = new Map();
  for (const { card: id, said } of interview.answered) {
    const card = byId.get(id);
    if (!card) continue; // the bank has changed since
    const row = topics.get(card.topic) ?? { asked: 0, said: 0, points: 0, missed: [] };
    row.asked += 1;
    row.said += said.filter(Boolean).length;
    row.points += said.length;
    if (!said.every(Boolean)) row.missed.push(card);
    topics.set(card.topic, row);
  }
  return topics;
};

/**
 * What was typed as a block of code: nothing in it is Markdown or HTML to a viewer.
 * @param {string} text
 */
const codeBlock = (text) => {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}text`, text, fence];
};

/**
 * The interview as Markdown; `points` gives the key points of a question in plain text.
 * @param {readonly Card[]} cards
 * @param {Interview} interview
 * @param {(card: Card) => string[]} points
 */
export const transcript = (cards, interview, points) => {
  const byId = new Map(cards.map((card) => [card.id, card]));
  const date = new Date(interview.started).toISOString().slice(0, 16).replace("T", " ");
  const lines = [`# Mock interview, ${date} UTC`, ""];
  for (const { card: id, said, typed, seconds } of interview.answered) {
    const card = byId.get(id);
    if (!card) continue;
    lines.push(`## ${card.question}`, "", `${card.level}, ${Math.round(seconds)} s`, "");
    if (typed.trim()) lines.push(...codeBlock(typed.trim()), "");
    lines.push(...points(card).map((point, at) => `- [${said[at] ? "x" : " "}] ${point}`), "");
  }
  return lines.join("\n");
};

/** @param {number} milliseconds */
export const clock = (milliseconds) => {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};
