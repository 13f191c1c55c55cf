import { createReadStream } from "node:fs"
import { open } from "node:fs/promises"
import { linesOf } from "../linesOf.ts"

/** Of one person, in the order of their numbers. */
export interface Scored {
  readonly person: bigint
  readonly userId: string
  readonly anonymousId: string
  /** A float of 32 bits. */
  readonly probability: number
  /** Whether they are told again. */
  readonly isNew: boolean
}

/** Floats that are held together. */
const CHUNK = 65_536

/**
 * Scores on their way: the people in a file, the probabilities in memory (four bytes a
 * person), because nobody's percentile is known before the last one is scored.
 */
export class Scores {
  private readonly chunks: Array<Float32Array> = []
  private readonly path: string
  private readonly file: Awaited<ReturnType<typeof open>>
  people = 0

  private constructor(path: string, file: Awaited<ReturnType<typeof open>>) {
    this.path = path
    this.file = file
  }

  static async create(path: string): Promise<Scores> {
    return new Scores(path, await open(path, "w"))
  }

  async add(scored: ReadonlyArray<Scored>): Promise<void> {
    let text = ""
    for (const { anonymousId, isNew, person, probability, userId } of scored) {
      const at = this.people++ % CHUNK
      if (at === 0) this.chunks.push(new Float32Array(CHUNK))
      const chunk = this.chunks.at(-1)
      if (chunk) chunk[at] = probability
      text += `${JSON.stringify([String(person), userId, anonymousId, probability, isNew])}\n`
    }
    await this.file.appendFile(text)
  }

  close(): Promise<void> {
    return this.file.close()
  }

  /** All probabilities, rising. */
  sorted(): Float32Array {
    const all = new Float32Array(this.people)
    this.chunks.forEach((chunk, index) => {
      const from = index * CHUNK
      all.set(chunk.subarray(0, this.people - from), from)
    })
    return all.sort()
  }

  /** In the order in which they were added. */
  async *all(): AsyncGenerator<Scored> {
    for await (const line of linesOf(createReadStream(this.path))) {
      const [person, userId, anonymousId, probability, isNew] = JSON.parse(line)
      yield { person: BigInt(person), userId, anonymousId, probability, isNew }
    }
  }
}
