// Six pretraining objectives for one sentence, with the words to hide chosen by hand.
// The same as src/paradigms/objectives, which draws them at random.

/**
 * `input` is what the network reads; `targets` what it predicts at each position, null
 * where there is no loss; `target` in its place is a sequence that a decoder writes.
 * @typedef {{input: string[], targets?: (string | null)[], target?: string[], passes: string}} Example
 */

/** @type {Record<string, (words: string[], hidden: number[]) => Example>} */
export const OBJECTIVES = {
  "next token (GPT)": (words) => ({
    input: ["[BOS]", ...words.slice(0, -1)],
    targets: words,
    passes: `1 pass trains all ${words.length} predictions; writing the sentence takes ${words.length} passes`,
  }),
  "prefix LM": (words, hidden) => {
    // The prefix ends before the first hidden word; it sees itself in both directions.
    const prefix = Math.min(...hidden);
    return {
      input: ["[BOS]", ...words.slice(0, -1)],
      targets: words.map((word, at) => (at < prefix ? null : word)),
      passes: `1 pass trains ${words.length - prefix} predictions; the prefix of ${prefix} has no loss`,
    };
  },
  "masked tokens (BERT)": (words, hidden) => ({
    input: words.map((word, at) => (hidden.includes(at) ? "[MASK]" : word)),
    targets: words.map((word, at) => (hidden.includes(at) ? word : null)),
    passes: `1 pass trains ${hidden.length} of ${words.length} positions; here each chosen word becomes [MASK] (BERT: 80% of them)`,
  }),
  "span corruption (T5)": (words, hidden) => {
    const { source, target } = spans(words, hidden);
    return {
      input: source,
      target,
      passes: `the encoder reads ${source.length} tokens once, the decoder writes ${target.length}`,
    };
  },
  "text infilling (BART)": (words, hidden) => {
    const { source } = spans(words, hidden);
    return {
      input: source.map((word) => (word.startsWith("<") ? "[MASK]" : word)),
      target: words,
      passes: `the encoder reads ${source.length} tokens once, the decoder writes the whole sentence: ${words.length}`,
    };
  },
  "fill-in-the-middle (GPT)": (words, hidden) => {
    const from = Math.min(...hidden);
    const to = Math.max(...hidden) + 1; // one gap: from the first hidden word to the last
    const moved = ["<PRE>", ...words.slice(0, from), "<SUF>", ...words.slice(to), "<MID>", ...words.slice(from, to)];
    return {
      input: moved,
      targets: [...moved.slice(1), "[EOS]"],
      passes: `1 pass trains ${moved.length} predictions; filling the gap takes ${to - from} passes and one for [EOS]`,
    };
  },
};

/**
 * Hidden words that touch form one span; each span becomes one sentinel.
 * @param {string[]} words
 * @param {number[]} hidden
 */
export function spans(words, hidden) {
  const source = [];
  const target = [];
  let sentinel = 0;
  for (let at = 0; at < words.length; at++) {
    if (!hidden.includes(at)) {
      source.push(words[at]);
      continue;
    }
    if (!hidden.includes(at - 1)) {
      source.push(`<${sentinel}>`);
      target.push(`<${sentinel}>`);
      sentinel++;
    }
    target.push(words[at]);
  }
  target.push(`<${sentinel}>`);
  return { source, target };
}

/**
 * The number of predictions that have a loss.
 * @param {Example} example
 */
export function targetCount({ targets, target }) {
  return target ? target.length : (targets ?? []).filter((word) => word !== null).length;
}
