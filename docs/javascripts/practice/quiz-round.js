// A round of the quiz: which items, in which order; what an answer changes. Pure
// functions, without page and storage.
import { generator, shuffle } from "./random.js";

/**
 * What a reader may choose, as plain text; `page` is the address from the start page.
 * @typedef {object} Option
 * @property {string} text
 * @property {string} because
 * @property {string} page
 * @property {string} title of the page
 */

/**
 * An item; the first of its `options` is the right one.
 * @typedef {object} Item
 * @property {string} id
 * @property {string} card id of the question that falls due after a mistake
 * @property {string} topic
 * @property {string} level
 * @property {string} stem
 * @property {Option[]} options
 */

/**
 * What is stored of an item.
 * @typedef {object} Result
 * @property {string} id
 * @property {string} card
 * @property {number} changed
 * @property {number} answered how often
 * @property {number} right how often
 * @property {boolean} last whether the last answer was right
 */

/** @typedef {{ level: string, topic: string, part: string, count: number }} Filter */

/**
 * Whether an item belongs to a part of the quiz.
 * @type {Record<string, (result: { last: boolean } | undefined) => boolean>}
 */
const BELONGS = {
  all: () => true,
  open: (result) => !result?.last,
  missed: (result) => result?.last === false,
};

/**
 * The items of a round, each with its options, in an order that the seed fixes.
 * @param {readonly Item[]} items
 * @param {ReadonlyMap<string, { last: boolean }>} results
 * @param {Filter} filter "" means any level or topic; a count of 0 means all items
 * @param {number} seed
 * @returns {{ item: Item, options: Option[] }[]}
 */
export const round = (items, results, { level, topic, part, count }, seed) => {
  const random = generator(seed);
  const chosen = items.filter((item) => (!level || item.level === level) &&
    (!topic || item.topic === topic) && BELONGS[part](results.get(item.id)));
  return shuffle(chosen, random).slice(0, count || chosen.length)
    .map((item) => ({ item, options: shuffle(item.options, random) }));
};

/**
 * The result after an answer; `before` is not changed.
 * @param {Result | undefined} before
 * @param {Item} item
 * @param {boolean} right
 * @param {number} [now]
 * @returns {Result}
 */
export const resultAfter = (before, item, right, now = Date.now()) => ({
  ...before, // what a newer version has written
  id: item.id,
  card: item.card,
  changed: Math.max(now, before?.changed ?? 0), // a clock may have been set back
  answered: (before?.answered ?? 0) + 1,
  right: (before?.right ?? 0) + Number(right),
  last: right,
});
