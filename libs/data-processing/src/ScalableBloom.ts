const BITS_PER_HASH = 16
const PROBES = 6

/**
 * A Bloom filter over 128-bit hashes that grows by layers of doubling size: it never
 * forgets one, and calls about one new hash in a thousand known (per layer, when full).
 * Two bytes a hash. All probes of a hash in a layer lie in one block of 64 bytes.
 */
export class ScalableBloom {
  readonly #layers: Array<Uint32Array> = []
  #capacity: number
  #room: number

  /** @param capacity hashes in the first layer */
  constructor(capacity = 1 << 20) {
    this.#capacity = capacity
    this.#room = capacity
    this.#layers.push(layerFor(capacity))
  }

  get bytes(): number {
    return this.#layers.reduce((sum, layer) => sum + layer.byteLength, 0)
  }

  /** `false` is certain. */
  mayHave(words: Uint32Array, from = 0): boolean {
    for (let i = this.#layers.length - 1; i >= 0; i--)
      if (holds(this.#layers[i] as Uint32Array, words, from)) return true
    return false
  }

  add(words: Uint32Array, from = 0): void {
    if (this.#room === 0) {
      this.#capacity *= 2
      this.#room = this.#capacity
      this.#layers.push(layerFor(this.#capacity))
    }
    this.#room--
    const layer = this.#layers[this.#layers.length - 1] as Uint32Array
    const block = blockOf(layer, words[from + 2] as number)
    let bits = words[from + 1] as number
    const step = stepOf(words[from + 3] as number)
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bits >>> 23
      const at = block + (bit >>> 5)
      layer[at] = (layer[at] as number) | (1 << (bit & 31))
      bits = (bits + step) | 0
    }
  }
}

/** A loader's hashes agree in their highest bits, which would make all steps alike. */
const stepOf = (word: number): number => Math.imul(word, 0x9e3779b1) | 1

const layerFor = (capacity: number): Uint32Array =>
  new Uint32Array(
    Math.max(16, (Math.ceil((capacity * BITS_PER_HASH) / 512) * 512) / 32)
  )

/** The first of the sixteen words of a block. */
const blockOf = (layer: Uint32Array, word: number): number =>
  // Multiplies instead of taking a remainder: the blocks need not be a power of two.
  Math.floor(((word >>> 0) / 4294967296) * (layer.length / 16)) * 16

const holds = (layer: Uint32Array, words: Uint32Array, from: number): boolean => {
  const block = blockOf(layer, words[from + 2] as number)
  let bits = words[from + 1] as number
  const step = stepOf(words[from + 3] as number)
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = bits >>> 23
    if (((layer[block + (bit >>> 5)] as number) & (1 << (bit & 31))) === 0) return false
    bits = (bits + step) | 0
  }
  return true
}
