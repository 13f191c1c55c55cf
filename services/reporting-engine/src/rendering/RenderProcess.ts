import { fileURLToPath } from "node:url"
import { limitedRuntime } from "@analytics/api-common/limitedRuntime"
import { type Answer, AnswerReader } from "./AnswerReader.ts"

const entry = fileURLToPath(new URL("./renderMain.ts", import.meta.url))

/** No core file: it would hold what the document says. What people wait for goes first. */
const script = 'ulimit -c 0; ulimit -d "$1"; shift; exec nice -n 5 "$@"'

/** Bytes for compiled JavaScript: charts are drawn by a lot of it. */
const compilerMemory = 64 * 1024 * 1024

/** What became of a task; undefined: the process ended without saying. */
export type RenderEnd = Answer | undefined

/** One process that renders, one document at a time. */
export class RenderProcess {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">
  #answer: ((end: RenderEnd) => void) | undefined
  #isGone = false
  #done = 0

  /** @param memory bytes of data segment */
  constructor(memory: number) {
    const kib = Math.ceil(memory / 1024)
    this.#child = Bun.spawn(
      [
        "sh",
        "-c",
        script,
        "render",
        String(kib),
        process.execPath,
        "--no-install",
        "--no-env-file",
        entry
      ],
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

  /** Documents that it has rendered, or refused to. */
  get done(): number {
    return this.#done
  }

  /** @param task a `RenderTask` as JSON */
  submit(task: string, answer: (end: RenderEnd) => void): void {
    this.#answer = answer
    if (this.#isGone) {
      this.#settle(undefined)
      return
    }
    void this.#send(`${task}\n`)
  }

  /** At once, also in the middle of a document. */
  async end(): Promise<void> {
    this.#isGone = true
    this.#child.kill("SIGKILL")
    await this.#child.exited
  }

  /** A process that is gone reads nothing; that it is gone is learnt where it is read. */
  async #send(line: string): Promise<void> {
    try {
      this.#child.stdin.write(line)
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
    const answers = new AnswerReader()
    try {
      for await (const chunk of this.#child.stdout) {
        const answer = answers.read(chunk)
        if (answer === undefined) continue
        if (this.#answer === undefined) throw new Error("nothing was asked")
        this.#settle(answer)
      }
    } catch {
      // Whatever it writes cannot be told from its next answers.
    }
    this.#isGone = true
    this.#child.kill("SIGKILL")
    this.#settle(undefined)
  }
}
