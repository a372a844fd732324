// A language of three words and texts of a few words: every probability by enumeration.
import { total } from "./numbers.js";
import { generator } from "./random.js";

export const WORDS = 3;

/**
 * Every text of `length` words, in the order of a number written with digits 0 to 2.
 * @param {number} length
 * @returns {number[][]}
 */
export function texts(length) {
  return Array.from({ length: WORDS ** length }, (_, index) =>
    Array.from({ length }, (_, at) => Math.floor(index / WORDS ** (length - 1 - at)) % WORDS));
}

/**
 * A language in which each word depends on the one before it: the probability of every
 * text.  `dependence` 0: the words are independent; the larger, the more they depend.
 * @param {number} length
 * @param {number} dependence
 * @param {number} [seed]
 */
export function language(length, dependence, seed = 1) {
  const random = generator(seed);
  const rows = Array.from({ length: WORDS + 1 }, () => {
    const weights = Array.from({ length: WORDS }, () => Math.exp(dependence * (2 * random() - 1)));
    return weights.map((weight) => weight / total(weights));
  });
  return texts(length).map((text) =>
    text.reduce((p, word, at) => p * rows[at ? text[at - 1] : WORDS][word], 1));
}

/**
 * P(word at `position` = `word` | the words at the `known` positions of the text).
 * @param {number[]} joint of every text
 * @param {number[][]} all every text
 * @param {number[]} text
 * @param {number[]} known
 * @param {number} position
 * @param {number} word
 */
export function conditional(joint, all, text, known, position, word) {
  let matching = 0;
  let both = 0;
  all.forEach((other, index) => {
    if (known.some((at) => other[at] !== text[at])) return;
    matching += joint[index];
    if (other[position] === word) both += joint[index];
  });
  return both / matching;
}

/**
 * The product of each word's probability given all other words, for every text.
 * @param {number[]} joint
 * @param {number} length
 */
export function pseudoLikelihoods(joint, length) {
  const all = texts(length);
  return all.map((text) => text.reduce((p, word, position) => {
    const others = [...text.keys()].filter((at) => at !== position);
    return p * conditional(joint, all, text, others, position, word);
  }, 1));
}

/**
 * The distribution over texts of a sampler that fills the positions of `order`,
 * `together` of them in a step, each independently of the others of its step, with the
 * true conditional probabilities.
 * @param {number[]} joint
 * @param {number[]} order
 * @param {number} together
 */
export function unmasked(joint, order, together) {
  const all = texts(order.length);
  return all.map((text) => {
    let p = 1;
    for (let start = 0; start < order.length; start += together) {
      const known = order.slice(0, start);
      for (const position of order.slice(start, start + together)) {
        p *= conditional(joint, all, text, known, position, text[position]);
      }
    }
    return p;
  });
}

/**
 * Kullback-Leibler divergence in nats, from `p` to `q`.
 * @param {number[]} p
 * @param {number[]} q
 */
export function divergence(p, q) {
  return total(p.map((value, i) => (value ? value * Math.log(value / q[i]) : 0)));
}
