const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)

/** The smallest 32-bit float that has all its digits. */
const leastNormal = 2 ** -126

/**
 * The number with the fewest decimal digits that, read as JSON, is this 32-bit float:
 * 0.1 where a double would show 0.10000000149011612.
 */
export const shortestFloat = (value: number): number => {
  // Integers up to here are exact, and NaN and infinities have no digits.
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 24) return value
  if (!Number.isFinite(value)) return value
  if (isPowerOfTwo(value) || Math.abs(value) < leastNormal) return ofFewest(value)
  // What seven digits do not tell, six do not either, and most need more than seven.
  const seven = Number(value.toPrecision(7))
  if (Math.fround(seven) === value) {
    // With six digits every decimal has a float of its own, so fewer need not be tried:
    // what has fewer comes out of six all the same.
    const six = Number(value.toPrecision(6))
    return Math.fround(six) === value ? six : seven
  }
  const eight = Number(value.toPrecision(8))
  return Math.fround(eight) === value ? eight : Number(value.toPrecision(9))
}

/** The same, tried from one digit on. */
const ofFewest = (value: number): number => {
  const isPower = isPowerOfTwo(value)
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits)
    const near = Number(text)
    if (Math.fround(near) === value) return near
    if (isPower) {
      // Floats lie twice as far apart above it as below it, so that the nearest decimal
      // may miss it below while the next one above does not.
      const above = Number(stepAway(text))
      if (Math.fround(above) === value) return above
    }
  }
  return Number(value.toPrecision(9))
}

const isPowerOfTwo = (value: number): boolean => {
  float[0] = value
  return ((bits[0] ?? 0) & 0x7fffff) === 0
}

/** The next decimal of as many digits, away from zero. */
const stepAway = (text: string): string => {
  const [mantissa = "", exponent = ""] = text.split(/(?=e)/u)
  const point = mantissa.indexOf(".")
  const places = point === -1 ? 0 : mantissa.length - point - 1
  const sign = mantissa.startsWith("-") ? -1n : 1n
  const stepped = BigInt(mantissa.replace(".", "")) + sign
  return `${stepped}e${Number(exponent.slice(1)) - places}`
}
