const RANDOM_BITS = 22n
const RANDOM = 1 << 22

let lastMs = 0
let lastRandom = 0

/**
 * An id that is never given out twice, not even by a store that was restored from a
 * backup: 42 bits of milliseconds, 22 random bits. Inside one process ids always grow.
 */
export const uniqueId = (now: number = Date.now()): bigint => {
  if (now > lastMs) {
    lastMs = now
    // Leaves room to count up within the millisecond.
    lastRandom = randomBelow(RANDOM - 4096)
  } else if (++lastRandom === RANDOM) {
    lastMs++
    lastRandom = randomBelow(RANDOM - 4096)
  }
  return (BigInt(lastMs) << RANDOM_BITS) | BigInt(lastRandom)
}

/** When the id was made, in milliseconds since 1970. */
export const timeOf = (id: bigint): number => Number(id >> RANDOM_BITS)

const randomBelow = (limit: number): number => {
  const word = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
  return word % limit
}
