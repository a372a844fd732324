// Random numbers and orders that a seed fixes.

/**
 * Uniform numbers in [0, 1) from a seed: the generator mulberry32.
 * @param {number} seed
 */
export function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * The values in a random order, each order equally likely: Fisher and Yates.
 * @template T
 * @param {readonly T[]} values
 * @param {() => number} [random] uniform in [0, 1)
 * @returns {T[]}
 */
export function shuffle(values, random = Math.random) {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
