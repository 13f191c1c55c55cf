import { SipHash } from "./SipHash.ts"

const encoder = new TextEncoder()

/**
 * Hashes of ids, keyed with a secret of the installation, so that nobody can make two
 * ids collide and merge two people. The only place where ids are hashed.
 */
export class IdHash {
  readonly #hash: SipHash
  #bytes = new Uint8Array(256)

  /** @param key `installation.id_hash_key`, 16 bytes */
  constructor(key: Uint8Array) {
    this.#hash = new SipHash(key)
  }

  /** `id_hash` of an id of a project: two 32-bit words, low first, valid until the next call. */
  idWords(projectId: number, id: string): Uint32Array {
    const length = this.#fill(projectId, id)
    this.#hash.digest(this.#bytes, length, 64)
    return this.#hash.words
  }

  /** `id_hash` of an id of a project, as ClickHouse's UInt64. */
  id(projectId: number, id: string): bigint {
    const words = this.idWords(projectId, id)
    return (BigInt(words[1] ?? 0) << 32n) | BigInt(words[0] ?? 0)
  }

  /** `seen.hash` of a message: four 32-bit words, low first, valid until the next call. */
  messageWords(projectId: number, messageId: string): Uint32Array {
    const length = this.#fill(projectId, messageId)
    this.#hash.digest(this.#bytes, length, 128)
    return this.#hash.words
  }

  /** Writes the project id (4 bytes, little-endian) and the text in UTF-8. */
  #fill(projectId: number, text: string): number {
    const most = 4 + text.length * 3
    if (this.#bytes.length < most) this.#bytes = new Uint8Array(most * 2)
    const bytes = this.#bytes
    bytes[0] = projectId
    bytes[1] = projectId >>> 8
    bytes[2] = projectId >>> 16
    bytes[3] = projectId >>> 24
    const { length } = text
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return 4 + encoder.encodeInto(text, bytes.subarray(4)).written
      bytes[4 + i] = code
    }
    return 4 + length
  }
}
