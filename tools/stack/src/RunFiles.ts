import { mkdirSync, writeFileSync } from "node:fs"
import { Context, Effect, Layer, Schema } from "effect"
import type { Part } from "./Part.ts"
import { identify, isAlive, type ProcessIdentity, survivorsAfter } from "./Processes.ts"
import {
  endParts,
  type PartProcess,
  readRunRecord,
  removeRunFiles,
  runRecordPath,
  writeRunRecord
} from "./RunRecord.ts"
import { type StackFile, writeStackFile } from "./StackFile.ts"
import { StackSettings } from "./StackSettings.ts"

/** Another stack runs on the same data. */
export class AlreadyRunning extends Schema.TaggedError<AlreadyRunning>()(
  "AlreadyRunning",
  { message: Schema.String }
) {
  static on(data: string, pid: number) {
    return new AlreadyRunning({
      message: `A stack already runs on ${data} (process ${pid}). Stop it with: make stop`
    })
  }
}

const graceMs = 15_000

/**
 * `run.json` and `stack.json` of this supervisor, from its claim on the data directory to
 * its end. What a dead supervisor left running is ended first.
 */
export class RunFiles extends Context.Service<
  RunFiles,
  {
    /** Notes a new process of a part; called before anything else can happen. */
    spawned(part: Part, pid: number): void
    watchdog(pid: number): void
    /** Writes `stack.json` now, and again whenever a part gets another process. */
    publish(content: Omit<StackFile, "pids">): Effect.Effect<void>
  }
>()("@analytics/stack/RunFiles") {
  static readonly layer = Layer.effect(
    RunFiles,
    Effect.gen(function* () {
      const { data } = yield* StackSettings
      yield* endLeftovers(data)
      const supervisor = yield* Effect.acquireRelease(claim(data), (self) =>
        Effect.sync(() => removeRunFiles(data, self))
      )
      return makeRunFiles(data, supervisor)
    })
  )
}

const endLeftovers = Effect.fnUntraced(function* (data: string) {
  const before = readRunRecord(data)
  if (before === null) return
  if (isAlive(before.supervisor)) {
    return yield* AlreadyRunning.on(data, before.supervisor.pid)
  }
  const ended = yield* Effect.promise(() => endParts(before, graceMs))
  if (before.watchdog !== null) {
    const { watchdog } = before
    yield* Effect.promise(() => survivorsAfter([watchdog], graceMs))
  }
  if (ended.length > 0) {
    yield* Effect.logWarning(
      `the last supervisor died; ended what it left: ${ended.join(", ")}`
    )
  }
  removeRunFiles(data, before.supervisor)
})

const claim = (data: string): Effect.Effect<ProcessIdentity, AlreadyRunning> =>
  Effect.suspend(() => {
    const supervisor = identify(process.pid) ?? { pid: process.pid, born: "" }
    mkdirSync(data, { recursive: true })
    try {
      // `wx`: of two starts at the same moment, one gets the directory.
      writeFileSync(
        runRecordPath(data),
        JSON.stringify({ supervisor, watchdog: null, parts: [] }),
        { flag: "wx", mode: 0o600 }
      )
      return Effect.succeed(supervisor)
    } catch (error) {
      return Effect.fail(
        new AlreadyRunning({ message: `${data} cannot be taken over: ${error}` })
      )
    }
  })

function makeRunFiles(data: string, supervisor: ProcessIdentity): RunFiles["Service"] {
  const parts = new Map<string, { readonly part: Part; readonly pid: PartProcess }>()
  let watchdog: ProcessIdentity | null = null
  let published: Omit<StackFile, "pids"> | undefined

  const record = () =>
    writeRunRecord(data, {
      supervisor,
      watchdog,
      parts: [...parts.values()].map(({ pid }) => pid)
    })

  const writeStack = Effect.suspend(() => {
    if (published === undefined) return Effect.void
    const pids = [...parts.values()]
      .filter(({ part }) => !part.once)
      .map(({ part, pid }) => [part.name, pid.pid])
    return writeStackFile(data, {
      ...published,
      pids: { ...Object.fromEntries(pids), supervisor: supervisor.pid }
    })
  })

  return {
    spawned: (part, pid) => {
      const identity = identify(pid)
      if (identity === null) return
      const { name, stopSignal } = part
      parts.set(name, { part, pid: { ...identity, name, stopSignal } })
      record()
      Effect.runSync(writeStack)
    },
    watchdog: (pid) => {
      watchdog = identify(pid)
      record()
    },
    publish: (content) =>
      Effect.suspend(() => {
        published = content
        return writeStack
      })
  }
}
