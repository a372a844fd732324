// What a GPT and a BERT do with a text: predict a blank, score a sentence, write.
// GPT reads [BOS] and the words, and predicts at each position the token after it.
// BERT reads the words and [EOS], and predicts the tokens that are [MASK].
import { grid, parseRule } from "./masks.js";
import { parseSafetensors } from "./safetensors.js";
import { softmax, Transformer } from "./transformer.js";

/** @typedef {import("./transformer.js").Rule} Rule */
/** @typedef {{token: number, p: number}} Choice */
/** @typedef {"gpt" | "bert"} Name */

// The ids of src/paradigms/data/special_tokens.py.
export const BOS = 1;
export const EOS = 2;
export const MASK = 3;
export const FIRST_WORD = 4;

/** One trained network with the mask under which it runs. */
export class Model {
  /**
   * @param {Name} name
   * @param {Transformer} network
   */
  constructor(name, network) {
    this.name = name;
    this.network = network;
    this.mask = name === "gpt" ? "causal" : "bidirectional"; // as in training
  }

  /** The most words that a sentence may have. */
  get longest() {
    return this.network.positions - 1;
  }

  /**
   * Probabilities of the word at `blank`; GPT has the words before it alone.
   * @param {number[]} words
   * @param {number} blank
   */
  fill(words, blank) {
    if (this.name === "gpt") return this.probabilities([BOS, ...words])[blank];
    return this.probabilities([...words.with(blank, MASK), EOS])[blank];
  }

  /**
   * Probabilities of the word after the text; BERT has a [MASK] there.
   * @param {number[]} words
   */
  next(words) {
    return this.fill([...words, MASK], words.length);
  }

  /**
   * Log-probability in nats of each word: given those before it (GPT), or given all
   * others (BERT).  GPT's sum, with [EOS], is the log-probability of the sentence;
   * BERT's is a pseudo-log-likelihood, and belongs to no distribution.
   * @param {number[]} words
   */
  scores(words) {
    if (this.name === "bert") return words.map((word, at) => Math.log(this.fill(words, at)[word]));
    const rows = this.probabilities([BOS, ...words]);
    return [...words, EOS].map((word, at) => Math.log(rows[at][word]));
  }

  /** @param {number[]} tokens */
  probabilities(tokens) {
    return this.network.logits(tokens, parseRule(this.mask)).map((row) => softmax(row));
  }

  /**
   * The mask between `size` tokens.
   * @param {number} size
   */
  grid(size) {
    return grid(parseRule(this.mask), size);
  }
}

/**
 * The `count` most likely tokens, words and [EOS] alone.
 * @param {ArrayLike<number>} probabilities
 * @param {number} [count]
 * @returns {Choice[]}
 */
export function mostLikely(probabilities, count = 8) {
  return Array.from(probabilities, (p, token) => ({ token, p }))
    .filter(({ token }) => token >= FIRST_WORD || token === EOS)
    .sort((a, b) => b.p - a.p)
    .slice(0, count);
}

/**
 * A token sampled from the words and [EOS].
 * @param {ArrayLike<number>} probabilities
 * @param {() => number} [random] uniform in [0, 1)
 */
export function sample(probabilities, random = Math.random) {
  const choices = mostLikely(probabilities, probabilities.length);
  let left = random() * choices.reduce((total, { p }) => total + p, 0);
  for (const { token, p } of choices) {
    left -= p;
    if (left < 0) return token;
  }
  return choices[0].token;
}

/**
 * One step of writing with [MASK]: fills the blank whose best word is the likeliest.
 * Errors: RangeError if there is no blank.
 * @param {Model} model
 * @param {number[]} words some of them MASK
 */
export function fillMostConfident(model, words) {
  const rows = model.probabilities([...words, EOS]);
  /** @type {{at: number, token: number, p: number} | undefined} */
  let best;
  words.forEach((word, at) => {
    if (word !== MASK) return;
    const [choice] = mostLikely(rows[at], 2).filter(({ token }) => token !== EOS);
    if (!best || choice.p > best.p) best = { at, ...choice };
  });
  if (!best) throw new RangeError("there is no blank left to fill");
  return { ...best, words: words.with(best.at, best.token) };
}

/** The words that both models know, and the models. */
export class LanguageModels {
  /**
   * @param {string[]} words
   * @param {Record<Name, Model>} models
   */
  constructor(words, models) {
    this.words = words;
    this.models = models;
    this.ids = new Map(words.map((word, i) => [word, i + FIRST_WORD]));
  }

  /**
   * Ids of the words of a text, and the words that are unknown.  The tokeniser is that
   * of src/paradigms/data/tokenizer.py.
   * @param {string} text
   */
  encode(text) {
    const plain = text.toLowerCase().replaceAll("’", "'").normalize("NFC");
    const words = plain.match(/[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}]+)*/gu) ?? [];
    const unknown = words.filter((word) => !this.ids.has(word));
    return { unknown, ids: words.flatMap((word) => this.ids.get(word) ?? []) };
  }

  /** @param {number} token */
  decode(token) {
    if (token >= FIRST_WORD) return this.words[token - FIRST_WORD];
    return { [BOS]: "[BOS]", [EOS]: "[EOS]", [MASK]: "[MASK]" }[token] ?? "[PAD]";
  }
}

/**
 * Both models, from the folder where the build puts their weights.
 * Errors: Error with the file that could not be loaded.
 * @param {URL} folder
 */
export async function loadLanguageModels(folder) {
  const [gpt, bert, words] = await Promise.all(
    ["gpt", "bert", "words"].map(async (name) => {
      const response = await fetch(new URL(`${name}.safetensors`, folder));
      if (!response.ok) throw new Error(`${name}.safetensors: ${response.status} ${response.statusText}`);
      return parseSafetensors(await response.arrayBuffer());
    }),
  );
  const text = new TextDecoder().decode(Uint8Array.from(words.tensors.words.data));
  return new LanguageModels(text.split("\n"), {
    gpt: new Model("gpt", network(gpt)),
    bert: new Model("bert", network(bert)),
  });
}

/**
 * The number of heads is in the recorded configuration: the shapes do not tell it.
 * @param {import("./safetensors.js").TensorFile} file
 */
function network({ tensors, metadata }) {
  const { heads } = JSON.parse(metadata.config ?? "{}");
  return new Transformer(tensors, heads);
}
