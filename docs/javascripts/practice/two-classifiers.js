// Naive Bayes and logistic regression, fitted to the same labels and evaluated exactly.
// Three binary features depend on the class alone; copies of the weakest may be added.
import { total } from "./numbers.js";
import { generator } from "./random.js";

const P_ONE = [[0.25, 0.35, 0.4], [0.75, 0.65, 0.6]]; // P(feature = 1 | class)

/**
 * `labels` of the training set, `copies` of the last feature, the share of class 1 in
 * training and in the test, whether the first feature is missing in the test, and
 * whether both models are told the share in the test.
 * @typedef {{labels: number, copies: number, trainPrior: number, testPrior: number, missing: boolean, corrected: boolean}} Setting
 */
/** @typedef {{error: number, loss: number}} Score error rate, and loss in nats */
/** @typedef {(features: (number | null)[]) => number} LogOdds of class 1 */

/**
 * Mean scores over `sets` training sets, and those of the true probabilities.
 * @param {Setting} setting
 * @param {number} [sets]
 */
export function compare(setting, sets = 40) {
  const random = generator(7);
  /** @type {Record<"naive Bayes" | "logistic regression", Score[]>} */
  const scores = { "naive Bayes": [], "logistic regression": [] };
  for (let set = 0; set < sets; set++) {
    const data = sampleData(setting, random);
    scores["naive Bayes"].push(evaluate(naiveBayes(data, setting), setting));
    scores["logistic regression"].push(evaluate(logisticRegression(data, setting), setting));
  }
  return {
    "naive Bayes": mean(scores["naive Bayes"]),
    "logistic regression": mean(scores["logistic regression"]),
    "true probabilities": evaluate(truth(setting), setting),
  };
}

/**
 * @param {Setting} setting
 * @param {() => number} random
 */
export function sampleData({ labels, copies, trainPrior }, random) {
  return Array.from({ length: labels }, (_, row) => {
    // Both classes occur: the first two rows are one of each.
    const y = row < 2 ? row : Number(random() < trainPrior);
    const base = P_ONE[y].map((p) => Number(random() < p));
    return { y, x: withCopies(base, copies) };
  });
}

/**
 * @template T
 * @param {T[]} base
 * @param {number} copies
 */
const withCopies = (base, copies) => [...base, ...Array(copies).fill(base[base.length - 1])];

/**
 * Counts with one added to each (Laplace); a missing feature is summed out.
 * @param {{y: number, x: number[]}[]} data
 * @param {Setting} setting
 * @returns {LogOdds}
 */
export function naiveBayes(data, setting) {
  const classes = [0, 1].map((y) => data.filter((row) => row.y === y));
  const p = classes.map((rows) => rows[0].x.map((_, j) =>
    (total(rows.map((row) => row.x[j])) + 1) / (rows.length + 2)));
  const prior = setting.corrected ? logit(setting.testPrior) : Math.log(classes[1].length / classes[0].length);
  return (features) => prior + evidence(features, p);
}

/**
 * The sum of the features' log-likelihood ratios; missing ones are left out.
 * @param {(number | null)[]} features
 * @param {number[][]} p P(feature = 1 | class) by class
 */
function evidence(features, p) {
  let sum = 0;
  features.forEach((x, j) => {
    if (x !== null) sum += Math.log(x ? p[1][j] / p[0][j] : (1 - p[1][j]) / (1 - p[0][j]));
  });
  return sum;
}

/**
 * Newton's method with a small L2 penalty; a missing feature gets its training mean.
 * @param {{y: number, x: number[]}[]} data
 * @param {Setting} setting
 * @returns {LogOdds}
 */
export function logisticRegression(data, setting) {
  const rows = data.map(({ x }) => [1, ...x]);
  const size = rows[0].length;
  const penalty = 0.1;
  let weights = Array(size).fill(0);
  for (let step = 0; step < 20; step++) {
    const gradient = weights.map((weight, j) => (j ? -penalty * weight : 0));
    const curvature = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? (i ? penalty : 1e-9) : 0)));
    rows.forEach((x, index) => {
      const p = sigmoid(dot(weights, x));
      for (let i = 0; i < size; i++) {
        gradient[i] += (data[index].y - p) * x[i];
        for (let j = 0; j < size; j++) curvature[i][j] += p * (1 - p) * x[i] * x[j];
      }
    });
    const change = solve(curvature, gradient);
    weights = weights.map((weight, i) => weight + change[i]);
  }
  const means = rows[0].map((_, j) => total(rows.map((x) => x[j])) / rows.length);
  const positive = data.filter(({ y }) => y === 1).length / data.length;
  const shift = setting.corrected ? logit(setting.testPrior) - logit(positive) : 0;
  return (features) => shift + dot(weights, [1, ...features.map((x, j) => x ?? means[j + 1])]);
}

/**
 * @param {Setting} setting
 * @returns {LogOdds}
 */
function truth(setting) {
  return (features) => logit(setting.testPrior) + evidence(features.slice(0, 3), P_ONE);
}

/**
 * Exact scores: the sum over all features and classes, weighted by their probability.
 * @param {LogOdds} model
 * @param {Setting} setting
 * @returns {Score}
 */
export function evaluate(model, { copies, testPrior, missing }) {
  let error = 0;
  let loss = 0;
  for (let index = 0; index < 8; index++) {
    const base = [index >> 2, (index >> 1) & 1, index & 1];
    const visible = missing ? [null, ...base.slice(1)] : base;
    const odds = model(withCopies(/** @type {(number | null)[]} */ (visible), copies));
    for (const y of [0, 1]) {
      const prior = y ? testPrior : 1 - testPrior;
      const weight = base.reduce((p, x, j) => p * (x ? P_ONE[y][j] : 1 - P_ONE[y][j]), prior);
      error += Number(odds > 0 !== Boolean(y)) * weight;
      loss += Math.log1p(Math.exp(y ? -odds : odds)) * weight;
    }
  }
  return { error, loss };
}

/** @param {Score[]} scores @returns {Score} */
const mean = (scores) => ({
  error: total(scores.map(({ error }) => error)) / scores.length,
  loss: total(scores.map(({ loss }) => loss)) / scores.length,
});

/** @param {number} p */
const logit = (p) => Math.log(p / (1 - p));

/** @param {number} x */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => total(a.map((x, i) => x * b[i]));

/**
 * Gaussian elimination for a positive definite matrix.
 * @param {number[][]} matrix
 * @param {number[]} right
 */
function solve(matrix, right) {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  const size = rows.length;
  for (let i = 0; i < size; i++) {
    for (let below = i + 1; below < size; below++) {
      const factor = rows[below][i] / rows[i][i];
      for (let j = i; j <= size; j++) rows[below][j] -= factor * rows[i][j];
    }
  }
  const solution = Array(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    const known = rows[i].slice(i + 1, size).reduce((sum, value, j) => sum + value * solution[i + 1 + j], 0);
    solution[i] = (rows[i][size] - known) / rows[i][i];
  }
  return solution;
}
