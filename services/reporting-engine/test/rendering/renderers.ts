import { readdirSync, readFileSync } from "node:fs"
import { ReportConfig } from "@analytics/config/ReportConfig"
import { Duration, Effect, Layer, Redacted, Schedule } from "effect"
import * as SpawnedRenderer from "../../src/rendering/SpawnedRenderer.ts"

/** What the service renders with, as it is deployed. */
export const rendererOf = (settings: Partial<ReportConfig["Service"]> = {}) =>
  SpawnedRenderer.layer.pipe(
    Layer.provide(
      ReportConfig.layerOf({
        secret: Redacted.make("a secret of at least thirty-two characters"),
        publicUrl: "https://reports.example.com",
        batchProcessorUrl: "http://127.0.0.1:9",
        sectionsAtOnce: 4,
        renderers: 2,
        renderMemory: 1024 ** 3,
        renderTimeout: Duration.seconds(60),
        renderQueue: 64,
        rendersPerProcess: 100,
        retention: Duration.days(400),
        linkLifetime: Duration.days(7),
        ...settings
      })
    )
  )

/** Something of a process, unless it is gone. */
const look = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/** Fields of `/proc/<pid>/stat` behind the name: state, parent, … */
const stat = (pid: number): ReadonlyArray<string> => {
  const text = look(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(")") + 2).split(" ")
}

export const isThere = (pid: number): boolean => !["", "Z"].includes(stat(pid)[0] ?? "")

/** Processes of this one, or of `parent`, that render. Only on Linux. */
export const renderers = (parent = process.pid): ReadonlyArray<number> =>
  readdirSync("/proc")
    .map(Number)
    .filter(
      (pid) =>
        pid > 0 &&
        stat(pid)[1] === String(parent) &&
        look(`/proc/${pid}/cmdline`).includes("renderMain.ts")
    )

/** Hundredths of a second that a process computed. */
export const computed = (pid: number): number => Number(stat(pid)[11] ?? 0)

/** Bytes of memory that a process has. */
export const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/u.exec(look(`/proc/${pid}/status`))?.[1] ?? 0) * 1024

/** Waits in real time, also under a test clock. */
export const until = (reached: () => boolean) =>
  Effect.promise(() => Bun.sleep(5)).pipe(
    Effect.repeat({ until: () => Effect.sync(reached), schedule: Schedule.forever }),
    Effect.raceFirst(
      Effect.promise(() => Bun.sleep(30_000)).pipe(
        Effect.andThen(Effect.die(new Error("it did not happen within 30 seconds")))
      )
    )
  )
