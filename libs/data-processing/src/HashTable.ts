/**
 * A set of 128-bit hashes given as four 32-bit words, much smaller and faster than a `Set`
 * of strings. The hashes are keyed, so their own bits spread them well.
 */
export class HashTable {
  #words: Uint32Array
  /** Position in insertion order + 1; 0 is an empty slot. */
  #slots: Uint32Array
  #mask: number
  #size = 0

  constructor(expected = 1024) {
    let capacity = 16
    while (capacity < expected * 2) capacity *= 2
    this.#slots = new Uint32Array(capacity)
    this.#mask = capacity - 1
    this.#words = new Uint32Array(capacity * 2)
  }

  get size(): number {
    return this.#size
  }

  /** The words of all hashes in insertion order, four each. */
  get words(): Uint32Array {
    return this.#words.subarray(0, this.#size * 4)
  }

  has(words: Uint32Array, from = 0): boolean {
    return (this.#slots[this.#find(words, from)] as number) !== 0
  }

  /** @returns whether the hash is new */
  add(words: Uint32Array, from = 0): boolean {
    const slot = this.#find(words, from)
    if ((this.#slots[slot] as number) !== 0) return false
    const at = this.#size * 4
    for (let i = 0; i < 4; i++) this.#words[at + i] = words[from + i] as number
    this.#slots[slot] = ++this.#size
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    return true
  }

  #find(words: Uint32Array, from: number): number {
    const w0 = words[from] as number
    const w1 = words[from + 1] as number
    const w2 = words[from + 2] as number
    const w3 = words[from + 3] as number
    for (let slot = w0 & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#slots[slot] as number
      if (entry === 0) return slot
      const at = (entry - 1) * 4
      if (
        this.#words[at] === w0 &&
        this.#words[at + 1] === w1 &&
        this.#words[at + 2] === w2 &&
        this.#words[at + 3] === w3
      )
        return slot
    }
  }

  #grow(): void {
    const capacity = this.#slots.length * 2
    const words = new Uint32Array(capacity * 2)
    words.set(this.words)
    this.#words = words
    this.#slots = new Uint32Array(capacity)
    this.#mask = capacity - 1
    for (let i = 0; i < this.#size; i++) this.#slots[this.#find(words, i * 4)] = i + 1
  }
}
