// Does a mask leak?  Change one token and look for earlier outputs that change, too.
import { generator } from "./random.js";
import { Transformer } from "./transformer.js";

const WORDS = 6;
const WIDTH = 8;

/** @typedef {import("./masks.js").Rule} Rule */
/** @typedef {import("./safetensors.js").Tensor} Tensor */

/**
 * The first leak, or undefined: `changed` is the position of the token that was
 * replaced, `affected` are the earlier positions whose outputs changed.
 * @param {Rule} rule
 * @param {number} size tokens of the text
 * @param {number} layers
 */
export function leakTest(rule, size, layers) {
  const network = randomNetwork(size, layers);
  const text = Array.from({ length: size }, (_, t) => t % WORDS);
  const before = network.logits(text, rule);
  for (let changed = 1; changed < size; changed++) {
    const after = network.logits(text.with(changed, (text[changed] + 1) % WORDS), rule);
    const affected = before.flatMap((row, q) =>
      q < changed && row.some((logit, word) => logit !== after[q][word]) ? [q] : [],
    );
    if (affected.length) return { changed, affected };
  }
}

/**
 * A network with random weights that are not small, always the same ones.
 * @param {number} positions
 * @param {number} layers
 */
export function randomNetwork(positions, layers) {
  const random = generator(1);
  /** @type {Record<string, Tensor>} */
  const weights = {};
  const fill = (/** @type {string} */ name, /** @type {number[]} */ ...shape) => {
    const length = shape.reduce((a, b) => a * b);
    weights[name] = { shape, data: Float32Array.from({ length }, () => 2 * random() - 1) };
  };
  const linear = (/** @type {string} */ name, /** @type {number} */ inputs, /** @type {number} */ outputs) => {
    fill(`${name}.weight`, outputs, inputs);
    fill(`${name}.bias`, outputs);
  };
  const norm = (/** @type {string} */ name) => {
    fill(`${name}.weight`, WIDTH);
    fill(`${name}.bias`, WIDTH);
  };
  fill("word.weight", WORDS, WIDTH);
  fill("position.weight", positions, WIDTH);
  norm("stack.norm");
  for (let layer = 0; layer < layers; layer++) {
    const block = `stack.blocks.${layer}`;
    norm(`${block}.attention_norm`);
    linear(`${block}.attention.query_key_value`, WIDTH, 3 * WIDTH);
    linear(`${block}.attention.output`, WIDTH, WIDTH);
    norm(`${block}.feed_forward_norm`);
    linear(`${block}.feed_forward.input`, WIDTH, 4 * WIDTH);
    linear(`${block}.feed_forward.output`, 4 * WIDTH, WIDTH);
  }
  return new Transformer(weights, 2);
}
