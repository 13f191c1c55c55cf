import { fileURLToPath } from "node:url"
import { limitedCommand } from "@analytics/api-common/limitedCommand"
import { limitedRuntime } from "@analytics/api-common/limitedRuntime"
import type { Rendering } from "@analytics/reports/RenderFormat"
import type { Rendered } from "@analytics/reports/ReportDocument"
import { Schema } from "effect"
import { FrameReader, framed } from "./FrameReader.ts"
import { type AnswerHead, MOST_FILE } from "./RenderTask.ts"

const entry = fileURLToPath(new URL("./renderMain.ts", import.meta.url))

/** What people wait for goes first. */
const niceness = 5

/** Bytes for compiled JavaScript: charts are drawn by a lot of it. */
const compilerMemory = 64 * 1024 * 1024

const fileSize = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MOST_FILE }))

const Head: Schema.Codec<AnswerHead> = Schema.Union([
  Schema.Struct({
    mediaType: Schema.String,
    extension: Schema.String,
    bytes: fileSize
  }),
  Schema.Struct({ fault: Schema.Literal(true), bytes: fileSize })
])

/** Throws when a line is not what a process that renders writes. */
export const decodeAnswer = Schema.decodeUnknownSync(Schema.fromJsonString(Head))

/** Bytes of a document or a file that a process has less memory after. */
const LARGE = 8 * 1024 * 1024

/** What became of a task; undefined: the process ended without saying. */
export type RenderEnd = Rendered | { readonly fault: string } | undefined

/** One process that renders, one document at a time. */
export class RenderProcess {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">
  #answer: ((end: RenderEnd) => void) | undefined
  #isGone = false
  #done = 0
  #isWorn = false

  /** @param memory bytes of data segment */
  constructor(memory: number) {
    const kib = memory / 1024
    this.#child = Bun.spawn(
      limitedCommand({ kib, niceness }, ["--no-install", "--no-env-file", entry]),
      {
        stdio: ["pipe", "pipe", "ignore"],
        // Nothing of this service's settings: they name its stores and its keys.
        env: {
          PATH: process.env["PATH"],
          BUN_ENABLE_CRASH_REPORTING: "0",
          TZ: "UTC",
          LANG: "C.UTF-8",
          ...limitedRuntime(compilerMemory)
        },
        cwd: "/"
      }
    )
    void this.#read()
  }

  get pid(): number {
    return this.#child.pid
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Whether it still holds memory of something large. */
  get isWorn(): boolean {
    return this.#isWorn
  }

  /** Documents that it has rendered, or refused to. */
  get done(): number {
    return this.#done
  }

  /** @param document as JSON */
  submit(
    format: Rendering,
    document: Uint8Array,
    answer: (end: RenderEnd) => void
  ): void {
    this.#answer = answer
    this.#isWorn ||= document.byteLength > LARGE
    if (this.#isGone) {
      this.#settle(undefined)
      return
    }
    void this.#send(framed({ format }, document))
  }

  /** At once, also in the middle of a document. */
  async end(): Promise<void> {
    this.#isGone = true
    this.#child.kill("SIGKILL")
    await this.#child.exited
  }

  /** A process that is gone reads nothing; that it is gone is learnt where it is read. */
  async #send(chunks: ReadonlyArray<Uint8Array>): Promise<void> {
    try {
      for (const chunk of chunks) this.#child.stdin.write(chunk)
      await this.#child.stdin.flush()
    } catch {
      this.#child.kill("SIGKILL")
    }
  }

  #settle(end: RenderEnd): void {
    const answer = this.#answer
    this.#answer = undefined
    this.#done++
    answer?.(end)
  }

  async #read(): Promise<void> {
    const answers = new FrameReader(decodeAnswer)
    try {
      for await (const chunk of this.#child.stdout) {
        const answer = answers.read(chunk)
        if (answer === undefined) continue
        if (this.#answer === undefined) throw new Error("nothing was asked")
        const { bytes, head } = answer
        this.#isWorn ||= bytes.byteLength > LARGE
        this.#settle(
          "fault" in head
            ? { fault: new TextDecoder().decode(bytes) }
            : { mediaType: head.mediaType, extension: head.extension, bytes }
        )
      }
    } catch {
      // Whatever it writes cannot be told from its next answers.
    }
    this.#isGone = true
    this.#child.kill("SIGKILL")
    this.#settle(undefined)
  }
}
