/**
 * SipHash-2-4 (Aumasson, Bernstein 2012) with 64 or 128 bits of output, on 32-bit words:
 * JavaScript has no fast 64-bit integer, and this runs for every event.
 */
export class SipHash {
  readonly #k0l: number
  readonly #k0h: number
  readonly #k1l: number
  readonly #k1h: number
  /** Output words, low half first: two of a 64-bit hash, four of a 128-bit one. */
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(4)

  /** @param key 16 bytes */
  constructor(key: Uint8Array) {
    if (key.length !== 16) throw new RangeError("a SipHash key has 16 bytes")
    const view = new DataView(key.buffer, key.byteOffset, 16)
    this.#k0l = view.getInt32(0, true)
    this.#k0h = view.getInt32(4, true)
    this.#k1l = view.getInt32(8, true)
    this.#k1h = view.getInt32(12, true)
  }

  /** Hashes `bytes[0, length)` into `words`. */
  digest(bytes: Uint8Array, length: number, bits: 64 | 128): void {
    let v0l = this.#k0l ^ 0x70736575
    let v0h = this.#k0h ^ 0x736f6d65
    let v1l = this.#k1l ^ 0x6e646f6d
    let v1h = this.#k1h ^ 0x646f7261
    let v2l = this.#k0l ^ 0x6e657261
    let v2h = this.#k0h ^ 0x6c796765
    let v3l = this.#k1l ^ 0x79746573
    let v3h = this.#k1h ^ 0x74656462
    if (bits === 128) v1l ^= 0xee

    const whole = length & ~7
    let at = 0
    // 0: a word of the message, then the last word, then two finalisations.
    let stage = 0
    for (;;) {
      let ml = 0
      let mh = 0
      let rounds = 2
      if (stage === 0 && at < whole) {
        ml = word(bytes, at)
        mh = word(bytes, at + 4)
        at += 8
      } else if (stage === 0) {
        for (let left = length & 7, i = left - 1; i >= 0; i--) {
          const byte = bytes[at + i] as number
          if (i < 4) ml |= byte << (8 * i)
          else mh |= byte << (8 * (i - 4))
        }
        mh |= length << 24
        stage = 1
      } else {
        if (stage === 1) v2l ^= bits === 128 ? 0xee : 0xff
        else v1l ^= 0xdd
        rounds = 4
        stage++
      }
      v3l ^= ml
      v3h ^= mh
      for (let round = 0; round < rounds; round++) {
        let low = (v0l + v1l) | 0
        v0h = (v0h + v1h + (low >>> 0 < v1l >>> 0 ? 1 : 0)) | 0
        v0l = low
        low = (v2l + v3l) | 0
        v2h = (v2h + v3h + (low >>> 0 < v3l >>> 0 ? 1 : 0)) | 0
        v2l = low
        let high = (v1h << 13) | (v1l >>> 19)
        v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l
        v1h = high ^ v0h
        high = (v3h << 16) | (v3l >>> 16)
        v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l
        v3h = high ^ v2h
        low = v0l
        v0l = v0h
        v0h = low
        low = (v2l + v1l) | 0
        v2h = (v2h + v1h + (low >>> 0 < v1l >>> 0 ? 1 : 0)) | 0
        v2l = low
        low = (v0l + v3l) | 0
        v0h = (v0h + v3h + (low >>> 0 < v3l >>> 0 ? 1 : 0)) | 0
        v0l = low
        high = (v1h << 17) | (v1l >>> 15)
        v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l
        v1h = high ^ v2h
        high = (v3h << 21) | (v3l >>> 11)
        v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l
        v3h = high ^ v0h
        low = v2l
        v2l = v2h
        v2h = low
      }
      v0l ^= ml
      v0h ^= mh
      if (stage < 2) continue
      const out = (stage - 2) * 2
      this.words[out] = v0l ^ v1l ^ v2l ^ v3l
      this.words[out + 1] = v0h ^ v1h ^ v2h ^ v3h
      if (bits === 64 || stage === 3) return
    }
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24)
