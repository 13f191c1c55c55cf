import { IdHash } from "./IdHash.ts"

const DAY = 86_400_000

export interface Visitor {
  readonly projectId: number
  /** What is visited: the same device is somebody else on another site. */
  readonly site: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly ip: string
  readonly userAgent: string
}

/**
 * Names for visitors who send no id, without anything kept on their device: a hash of
 * address and user agent, keyed with a secret of the installation, that changes with the
 * day of UTC. It tells neither address nor device, and links no two days.
 */
export class Visitors {
  readonly #hash: IdHash

  /** @param key `installation.id_hash_key`, 16 bytes */
  constructor(key: Uint8Array) {
    this.#hash = new IdHash(key)
  }

  /** 32 hexadecimal digits. */
  nameOf({ at, ip, projectId, site, userAgent }: Visitor): string {
    const day = Math.floor(at / DAY)
    // NUL is in no message id, so that no message hashes to the name of a visitor.
    const text = `\0visitor\0${day}\0${site}\0${ip}\0${userAgent}`
    let name = ""
    for (const word of this.#hash.messageWords(projectId, text))
      name += word.toString(16).padStart(8, "0")
    return name
  }
}
