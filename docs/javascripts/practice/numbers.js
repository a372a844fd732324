// Numbers: sums, and how they are written.

/** @param {number[]} values */
export const total = (values) => values.reduce((sum, value) => sum + value, 0);

/**
 * A share in percent; one that would be rounded to zero is said to be below a limit.
 * @param {number} share
 * @param {number} [digits] after the point
 */
export const percent = (share, digits = 1) => {
  const written = (100 * share).toFixed(digits);
  return share > 0 && Number(written) === 0 ? `< ${(10 ** -digits).toFixed(digits)}%` : `${written}%`;
};

/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/**
 * `1 card`, `2 cards`, `2 entries`.
 * @param {number} count
 * @param {string} noun in the singular
 */
export const quantity = (count, noun) => `${count} ${count === 1 ? noun : `${noun.replace(/(?<![aeiou])y$/, "ie")}s`}`;
