// The forward pass of src/paradigms/models/gpt.py, for one text and any mask rule.
// Matrices are Float32Array, row by row; T tokens, W width, V words.

/** @typedef {import("./safetensors.js").Tensor} Tensor */
/** @typedef {(q: number, k: number) => boolean} Rule */

/**
 * A transformer with pre-norm blocks, learned positions and tied output weights.
 * `logits(tokens, rule)` gives a row of V logits for each token.
 * Errors: RangeError for a text that is empty or longer than the position table, and for
 * heads that do not divide the width.
 */
export class Transformer {
  /**
   * @param {Record<string, Tensor>} weights
   * @param {number} heads
   */
  constructor(weights, heads) {
    this.weights = weights;
    this.heads = heads;
    const [positions, width] = weights["position.weight"].shape;
    this.positions = positions;
    this.width = width;
    if (!Number.isInteger(width / heads)) throw new RangeError(`a width of ${width} has no ${heads} heads`);
    this.layers = 0;
    while (`stack.blocks.${this.layers}.attention.output.weight` in weights) this.layers++;
  }

  /**
   * @param {number[]} tokens
   * @param {Rule} rule
   * @returns {Float32Array[]}
   */
  logits(tokens, rule) {
    if (tokens.length < 1 || tokens.length > this.positions) {
      throw new RangeError(`a text has 1 to ${this.positions} tokens: got ${tokens.length}`);
    }
    let x = this.embed(tokens);
    for (let layer = 0; layer < this.layers; layer++) {
      const block = `stack.blocks.${layer}`;
      x = add(x, this.attention(block, this.norm(`${block}.attention_norm`, x), rule));
      x = add(x, this.feedForward(block, this.norm(`${block}.feed_forward_norm`, x)));
    }
    const states = this.norm("stack.norm", x);
    const word = this.weights["word.weight"];
    return states.map((state) => product(word, state));
  }

  /** @param {number[]} tokens */
  embed(tokens) {
    const word = this.weights["word.weight"];
    const position = this.weights["position.weight"];
    return tokens.map((token, t) => sum(row(word, token), row(position, t)));
  }

  /**
   * Softmax of the visible scores; a query that sees no key gets zeros.
   * @param {string} block
   * @param {Float32Array[]} x
   * @param {Rule} rule
   */
  attention(block, x, rule) {
    const width = this.width / this.heads; // of one head
    const joint = this.linear(`${block}.attention.query_key_value`, x); // query, key, value
    const attended = x.map(() => new Float32Array(this.width));
    for (let head = 0; head < this.heads; head++) {
      const at = head * width;
      for (let q = 0; q < x.length; q++) {
        const query = joint[q].subarray(at, at + width);
        const scores = joint.map((other, k) =>
          rule(q, k) ? dot(query, other.subarray(this.width + at, this.width + at + width)) / Math.sqrt(width) : -Infinity,
        );
        if (scores.every((score) => score === -Infinity)) continue;
        softmax(scores).forEach((weight, k) => {
          const value = joint[k].subarray(2 * this.width + at, 2 * this.width + at + width);
          for (let i = 0; i < width; i++) attended[q][at + i] += weight * value[i];
        });
      }
    }
    return this.linear(`${block}.attention.output`, attended);
  }

  /**
   * @param {string} block
   * @param {Float32Array[]} x
   */
  feedForward(block, x) {
    const hidden = this.linear(`${block}.feed_forward.input`, x);
    return this.linear(`${block}.feed_forward.output`, hidden.map((h) => h.map(geluTanh)));
  }

  /**
   * @param {string} name
   * @param {Float32Array[]} x
   */
  linear(name, x) {
    const bias = this.weights[`${name}.bias`].data;
    return x.map((vector) => sum(product(this.weights[`${name}.weight`], vector), bias));
  }

  /**
   * Layer norm with PyTorch's default eps.
   * @param {string} name
   * @param {Float32Array[]} x
   */
  norm(name, x) {
    const weight = this.weights[`${name}.weight`].data;
    const bias = this.weights[`${name}.bias`].data;
    return x.map((vector) => {
      const mean = vector.reduce((a, b) => a + b, 0) / vector.length;
      const variance = vector.reduce((a, b) => a + (b - mean) ** 2, 0) / vector.length;
      return vector.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[i] + bias[i]);
    });
  }
}

/**
 * Probabilities of logits; -Infinity gets 0.
 * @param {ArrayLike<number>} logits
 */
export function softmax(logits) {
  const largest = Array.from(logits).reduce((a, b) => Math.max(a, b));
  const weights = Array.from(logits, (logit) => Math.exp(logit - largest));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

/** @param {number} x */
function geluTanh(x) {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/**
 * @param {Tensor} matrix
 * @param {number} index
 */
function row(matrix, index) {
  const [, columns] = matrix.shape;
  return matrix.data.subarray(index * columns, (index + 1) * columns);
}

/**
 * Matrix (rows, columns) times vector (columns).
 * @param {Tensor} matrix
 * @param {Float32Array} vector
 */
function product(matrix, vector) {
  return Float32Array.from({ length: matrix.shape[0] }, (_, index) => dot(row(matrix, index), vector));
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
function dot(a, b) {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
function sum(a, b) {
  return a.map((value, i) => value + b[i]);
}

/**
 * @param {Float32Array[]} x
 * @param {Float32Array[]} y
 */
function add(x, y) {
  return x.map((vector, t) => sum(vector, y[t]));
}
