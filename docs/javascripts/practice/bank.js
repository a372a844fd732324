// The question bank: the list of all cards, and their texts topic by topic.
import { ROOT } from "./dom.js";

/**
 * What chooses a card. `question` is plain text, `page` the address from the start page.
 * @typedef {object} Card
 * @property {string} id
 * @property {string} question
 * @property {typeof LEVELS[number]} level
 * @property {string} kind
 * @property {string} topic a key of `topics`
 * @property {string} page
 * @property {number} points how many key points the answer has
 * @property {string[]} followUps ids of the questions that an interviewer asks next
 */

/**
 * The texts of a card as HTML that the build wrote: for `trustedHtml` of dom.js.
 * @typedef {object} Texts
 * @property {string} question
 * @property {string} answer
 * @property {string} board what is written on the whiteboard, or ""
 * @property {string[]} points
 * @property {string} wrong the common wrong answer, or ""
 */

/** @typedef {{ topics: Record<string, string>, cards: Card[] }} Bank */

/** The levels of questions, from the easiest to the hardest. */
export const LEVELS = /** @type {const} */ (["junior", "mid", "senior"]);

/** @type {Map<string, Promise<any>>} */
const loaded = new Map();

/** @param {string} name @returns {Promise<any>} */
const load = (name) => {
  const earlier = loaded.get(name);
  if (earlier) return earlier;
  const request = fetch(new URL(`practice/cards/${name}.json`, ROOT)).then((answer) => {
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
    return answer.json();
  });
  request.catch(() => loaded.delete(name)); // the next call tries again
  loaded.set(name, request);
  return request;
};

/** All cards, topic by topic, junior before senior; and the topics' names. @returns {Promise<Bank>} */
export const bank = () => load("index");

/**
 * The texts of a card; its topic is loaded once.
 * @param {Card} card
 * @returns {Promise<Texts>}
 */
export const texts = async (card) => (await load(card.topic))[card.id];
