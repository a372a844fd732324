// The mask rules of src/paradigms/masks.py, with the same names and the same syntax.
// A rule says whether the query at position q may attend to the key at position k.

/** @typedef {(q: number, k: number) => boolean} Rule */

/** @type {Record<string, (...numbers: number[]) => Rule>} */
const FACTORIES = {
  causal: () => (q, k) => k <= q,
  bidirectional: () => () => true,
  prefix_lm: (prefix) => (q, k) => k <= q || k < prefix,
  padding: (length) => (q, k) => k < length,
  sliding_window: (window) => (q, k) => Math.abs(q - k) < window,
  packed: (...lengths) => {
    const documents = lengths.flatMap((length, document) => Array(length).fill(document));
    const documentAt = (/** @type {number} */ i) => documents[i] ?? lengths.length;
    return (q, k) => documentAt(q) === documentAt(k);
  },
  cross: (sourceLength) => (q, k) => k < sourceLength,
  block_causal: (block) => (q, k) => Math.floor(k / block) <= Math.floor(q / block),
  permutation_content: (...order) => (q, k) => rank(order, k) <= rank(order, q),
  permutation_query: (...order) => (q, k) => rank(order, k) < rank(order, q),
};

/** How many numbers a rule takes, and the least each may be. @type {Record<string, [number, number]>} */
const ARGUMENTS = {
  causal: [0, 0],
  bidirectional: [0, 0],
  prefix_lm: [1, 0],
  padding: [1, 0],
  sliding_window: [1, 1],
  packed: [Infinity, 1],
  cross: [1, 0],
  block_causal: [1, 1],
  permutation_content: [Infinity, 0],
  permutation_query: [Infinity, 0],
};

export const RULE_NAMES = Object.keys(FACTORIES);

/**
 * The rule of an expression such as `causal & padding(4)`.
 * Errors: SyntaxError that names the invalid part.
 * @param {string} expression
 * @returns {Rule}
 */
export function parseRule(expression) {
  const tokens = expression.match(/[A-Za-z_]\w*|\d+|[^\s]/g) ?? [];
  let at = 0;

  /** @param {string} wanted */
  function expect(wanted) {
    if (tokens[at] !== wanted) {
      throw new SyntaxError(`expected "${wanted}" ${tokens[at] ? `before "${tokens[at]}"` : "at the end"}`);
    }
    at++;
  }

  /** @returns {Rule} */
  function either() {
    let rule = both();
    while (tokens[at] === "|") {
      at++;
      const [left, right] = [rule, both()];
      rule = (q, k) => left(q, k) || right(q, k);
    }
    return rule;
  }

  /** @returns {Rule} */
  function both() {
    let rule = single();
    while (tokens[at] === "&") {
      at++;
      const [left, right] = [rule, single()];
      rule = (q, k) => left(q, k) && right(q, k);
    }
    return rule;
  }

  /** @returns {Rule} */
  function single() {
    const token = tokens[at++];
    if (token === "~") {
      const rule = single();
      return (q, k) => !rule(q, k);
    }
    if (token === "(") {
      const rule = either();
      expect(")");
      return rule;
    }
    if (token === undefined) throw new SyntaxError("the rule ends too early");
    if (!RULE_NAMES.includes(token)) {
      throw new SyntaxError(`"${token}" is unknown; known are: ${RULE_NAMES.join(", ")}`);
    }
    return build(token, tokens[at] === "(" ? numbers() : []);
  }

  function numbers() {
    expect("(");
    const values = [];
    while (/^\d+$/.test(tokens[at] ?? "")) {
      values.push(Number(tokens[at++]));
      if (tokens[at] !== ",") break;
      at++;
    }
    expect(")");
    return values;
  }

  const rule = either();
  if (at < tokens.length) throw new SyntaxError(`unexpected "${tokens[at]}" after the end of the rule`);
  return rule;
}

/**
 * @param {string} name
 * @param {number[]} values
 * @returns {Rule}
 */
function build(name, values) {
  const [count, least] = ARGUMENTS[name];
  if (count === 0 && values.length) throw new SyntaxError(`${name} takes no number`);
  if (count === 1 && values.length !== 1) throw new SyntaxError(`${name} takes one number, as in ${name}(3)`);
  if (count === Infinity && !values.length) throw new SyntaxError(`${name} takes numbers, as in ${name}(1, 0, 2)`);
  for (const value of values) {
    if (value < least) throw new SyntaxError(`${name} takes numbers of at least ${least}: got ${value}`);
  }
  const sorted = [...values].sort((a, b) => a - b);
  if (name.startsWith("permutation") && sorted.some((value, i) => value !== i)) {
    throw new SyntaxError(`${name} takes each number from 0 to ${values.length - 1} once`);
  }
  return FACTORIES[name](...values);
}

/**
 * The step at which a position is predicted; positions after the order count as the first.
 * @param {number[]} order
 * @param {number} position
 */
function rank(order, position) {
  return Math.max(order.indexOf(position), 0);
}

/**
 * The rule as rows of queries and columns of keys.
 * @param {Rule} rule
 * @param {number} size
 * @returns {boolean[][]}
 */
export function grid(rule, size) {
  return Array.from({ length: size }, (_, q) => Array.from({ length: size }, (_, k) => rule(q, k)));
}

/**
 * What reaches each position through `layers` layers: a position keeps its own state
 * by the residual connection, and gets the states that it attends to.
 * @param {boolean[][]} visible
 * @param {number} layers
 */
export function reachable(visible, layers) {
  let reach = visible.map((row, q) => row.map((_, k) => q === k));
  for (let layer = 0; layer < layers; layer++) {
    const before = reach;
    reach = visible.map((row, q) =>
      row.map((_, k) => before[q][k] || row.some((sees, via) => sees && before[via][k])),
    );
  }
  return reach;
}
