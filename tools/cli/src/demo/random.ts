/** A seeded source of chance: the same seed gives the same shop. */
export interface Random {
  /** From 0 up to 1. */
  readonly next: () => number
  /** A whole number from 0 up to `limit`. */
  readonly below: (limit: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <Items extends readonly [unknown, ...ReadonlyArray<unknown>]>(
    items: Items
  ) => Items[number]
  /** Waiting time with the given mean, in the same unit. */
  readonly wait: (mean: number) => number
}

/** Mulberry32 (Tommy Ettinger, public domain). */
export const makeRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)],
    wait: (mean) => -mean * Math.log(1 - next())
  }
}
