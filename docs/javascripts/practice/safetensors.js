// Reads safetensors: eight bytes of length, a JSON header, then the numbers.
// Source: the format's documentation, huggingface/safetensors.

/** @typedef {{shape: number[], data: Float32Array}} Tensor */
/** @typedef {{tensors: Record<string, Tensor>, metadata: Record<string, string>}} TensorFile */

/**
 * Tensors by name, 16-bit floats as 32-bit ones; what the file says about them.
 * @param {ArrayBuffer} buffer
 * @returns {TensorFile}
 */
export function parseSafetensors(buffer) {
  const headerLength = Number(new DataView(buffer).getBigUint64(0, true));
  const start = 8 + headerLength;
  const { __metadata__: metadata = {}, ...header } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerLength)));
  /** @type {Record<string, Tensor>} */
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header)) {
    const bytes = buffer.slice(start + from, start + to); // aligned, whatever the header's length
    tensors[name] = { shape, data: numbers(dtype, bytes, name) };
  }
  return { tensors, metadata };
}

/**
 * @param {string} dtype
 * @param {ArrayBuffer} bytes
 * @param {string} name
 */
function numbers(dtype, bytes, name) {
  if (dtype === "F32") return new Float32Array(bytes);
  if (dtype === "F16") return Float32Array.from(new Uint16Array(bytes), halfToFloat);
  if (dtype === "U8") return Float32Array.from(new Uint8Array(bytes));
  throw new Error(`tensor ${name} has the type ${dtype}; this page reads F16, F32 and U8`);
}

/**
 * A 16-bit float of IEEE 754: sign, 5 bits of exponent, 10 bits of fraction.
 * @param {number} bits
 */
export function halfToFloat(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
