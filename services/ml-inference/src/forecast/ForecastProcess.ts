import { fileURLToPath } from "node:url"
import { limitedCommand } from "@analytics/api-common/limitedCommand"
import type { ForecastTask } from "./ForecastTask.ts"

const entry = fileURLToPath(new URL("./forecastMain.ts", import.meta.url))
/** A WASM memory reserves far more than it uses. Inference goes first. */
const limits = { kib: 4 * 1024 * 1024, niceness: 10 }

/** One process that forecasts, one task at a time. */
export class ForecastProcess {
  readonly #child = Bun.spawn(limitedCommand(limits, ["--no-install", entry]), {
    stdio: ["pipe", "pipe", "ignore"],
    // Nothing of this service's settings: they name its stores and its keys.
    env: { PATH: process.env["PATH"], BUN_ENABLE_CRASH_REPORTING: "0" },
    cwd: "/"
  })
  #answer: ((line: string | undefined) => void) | undefined
  #isGone = false

  constructor() {
    void this.#read()
  }

  get pid(): number {
    return this.#child.pid
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** @param answer gets undefined when the process ended without one */
  submit(task: ForecastTask, answer: (line: string | undefined) => void): void {
    this.#answer = answer
    if (this.#isGone) {
      this.#settle(undefined)
      return
    }
    void this.#send(`${JSON.stringify(task)}\n`)
  }

  /** At once, also in the middle of a task. */
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

  #settle(line: string | undefined): void {
    const answer = this.#answer
    this.#answer = undefined
    answer?.(line)
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    let parts: Array<string> = []
    for await (const chunk of this.#child.stdout) {
      const text = decoder.decode(chunk, { stream: true })
      parts.push(text)
      if (!text.endsWith("\n")) continue
      this.#settle(parts.join(""))
      parts = []
    }
    this.#isGone = true
    this.#settle(undefined)
  }
}
