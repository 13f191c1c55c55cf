import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Option } from "effect"
import { isAlive, signalTree } from "../src/Processes.ts"
import { type RunRecord, readRunRecord } from "../src/RunRecord.ts"
import { readStackFile, type StackFile } from "../src/StackFile.ts"

/** Looks again until `look` gives a value; a test's own time limit bounds it. */
export const until = async <A>(
  what: string,
  look: () => A | undefined | Promise<A | undefined>,
  seconds = 15
): Promise<A> => {
  const deadline = performance.now() + seconds * 1000
  while (performance.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    await Bun.sleep(20)
  }
  throw new Error(`still waiting after ${seconds} s: ${what}`)
}

/** The fixture's supervisor as a process, over its own data directory and ports. */
export class RunningStack {
  readonly data = mkdtempSync(join(tmpdir(), "analytics-stack-"))
  output = ""
  private seen: RunRecord | undefined
  supervisor: ChildProcess | undefined
  readonly portBase: number

  constructor(portBase: number) {
    this.portBase = portBase
  }

  start(env: Record<string, string> = {}): ChildProcess {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "fixture/supervisor.ts")],
      {
        env: {
          ...process.env,
          STACK_DATA: this.data,
          STACK_PORT_BASE: String(this.portBase),
          ...env
        },
        stdio: ["ignore", "pipe", "pipe"]
      }
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        this.output += chunk
      })
    }
    this.supervisor = child
    return child
  }

  file(): Promise<Option.Option<StackFile>> {
    return Effect.runPromise(readStackFile(this.data))
  }

  ready(): Promise<StackFile> {
    return until(`stack.json\n${this.output}`, async () => {
      const file = Option.getOrUndefined(await this.file())
      if (file === undefined && this.supervisor?.exitCode !== null) {
        throw new Error(`the supervisor ended:\n${this.output}`)
      }
      return file
    })
  }

  record(): RunRecord {
    const record = readRunRecord(this.data)
    if (record === null) throw new Error("there is no run.json")
    this.seen = record
    return record
  }

  /** Waits until no process of this record lives. */
  allGone(record: RunRecord): Promise<true> {
    const all = [record.supervisor, ...record.parts, record.watchdog]
    return until("all processes gone", () =>
      all.some((it) => it !== null && isAlive(it)) ? undefined : true
    )
  }

  /** For the end of a test, whatever state it left. */
  remove(): void {
    for (const record of [readRunRecord(this.data), this.seen]) {
      if (!record) continue
      for (const it of [record.supervisor, ...record.parts]) {
        if (isAlive(it)) signalTree(it.pid, "SIGKILL")
      }
    }
    rmSync(this.data, { recursive: true, force: true })
  }
}

export const exitCode = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.on("exit", resolve))
