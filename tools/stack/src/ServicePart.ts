import { join } from "node:path"
import { Effect } from "effect"
import { startChild } from "./ChildPart.ts"
import { commonEnvironment, serviceEnvironment, serviceUrl } from "./Environment.ts"
import { readyz } from "./Health.ts"
import { LogStream } from "./LogStream.ts"
import { describeExit, type Part, PartFailed } from "./Part.ts"
import { Secrets } from "./Secrets.ts"
import { StackSettings } from "./StackSettings.ts"
import type { ServiceSpec } from "./services.ts"

/** The migrations of both stores, run to their end before any service starts. */
export const migratePart = Effect.gen(function* () {
  const settings = yield* StackSettings
  const logs = yield* LogStream
  const env = commonEnvironment(process.env, settings, yield* Secrets)
  const command = {
    name: "migrate",
    command: [process.execPath, "tools/migrate/src/main.ts", "upgrade"] as const,
    cwd: settings.root,
    env,
    onLine: (line: string) => logs.write("migrate", line),
    graceSeconds: 10
  }
  return {
    name: "migrate",
    port: undefined,
    needs: ["postgres", "clickhouse"],
    stopSignal: "SIGTERM",
    once: true,
    start: Effect.fnUntraced(function* (onSpawn) {
      const { exited, pid } = yield* startChild(command, onSpawn)
      const status = yield* exited
      if (status.code === 0) return { pid, exited: Effect.never }
      const message = `migrate ${describeExit(status)}`
      return yield* new PartFailed({ part: "migrate", message })
    }),
    ready: Effect.void
  } satisfies Part
})

export const servicePart = Effect.fnUntraced(function* (service: ServiceSpec) {
  const settings = yield* StackSettings
  const logs = yield* LogStream
  const common = commonEnvironment(process.env, settings, yield* Secrets)
  const command = {
    name: service.name,
    command: [process.execPath, join(settings.root, service.entry)] as const,
    cwd: settings.root,
    env: serviceEnvironment(common, service, settings),
    onLine: (line: string) => logs.write(service.name, line),
    graceSeconds: 15
  }
  return {
    name: service.name,
    port: settings.portBase + service.port,
    needs: ["migrate"],
    stopSignal: "SIGTERM",
    once: false,
    start: (onSpawn) => startChild(command, onSpawn),
    ready: readyz(serviceUrl(settings.portBase, service))
  } satisfies Part
})
