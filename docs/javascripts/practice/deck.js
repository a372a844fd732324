// Which cards a reader wants, and in which order. No page, no storage: pure functions.
import { endOfDay } from "./time.js";

/** @typedef {import("./bank.js").Card} Card */
/** @typedef {import("./schedule.js").Review} Review */
/** @typedef {"due" | "unseen" | "missed" | "all"} Part */
/** @typedef {{ part: Part, level: string, topic: string, kind: string }} Filter "" means any */
/** @typedef {ReadonlyMap<string, Review>} Reviews */

/**
 * Whether a card belongs to a part of the deck.
 * @type {Record<Part, (review: Review | undefined, tonight: number) => boolean>}
 */
const BELONGS = {
  due: (review, tonight) => review !== undefined && review.due < tonight,
  unseen: (review) => review === undefined,
  missed: (review) => review?.grade === 1,
  all: () => true,
};

/**
 * The cards that pass a filter. What is due comes in the order in which it fell due, so
 * a card that was missed comes back after the others; the rest in the order of the bank.
 * @param {readonly Card[]} cards
 * @param {Reviews} reviews
 * @param {Filter} filter
 * @param {number} [now]
 */
export const select = (cards, reviews, { part, level, topic, kind }, now = Date.now()) => {
  const tonight = endOfDay(now);
  const matches = cards.filter((card) =>
    (!level || card.level === level) && (!topic || card.topic === topic) &&
    (!kind || card.kind === kind) && BELONGS[part](reviews.get(card.id), tonight));
  /** @param {Card} card */
  const due = (card) => reviews.get(card.id)?.due ?? 0;
  return part === "due" ? matches.sort((one, other) => due(one) - due(other)) : matches;
};

/**
 * A card at random, another than the present one if there is another.
 * @param {readonly Card[]} cards
 * @param {Card | undefined} present
 */
export const draw = (cards, present) => {
  const others = cards.length > 1 ? cards.filter((card) => card !== present) : cards;
  return others[Math.floor(Math.random() * others.length)];
};
