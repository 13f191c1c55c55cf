import { Effect, Option, Redacted } from "effect"
import { demoProject, sendDemo } from "./Demo.ts"
import { serviceUrl, storeUrls } from "./Environment.ts"
import { LogStream } from "./LogStream.ts"
import { chooseParts } from "./Parts.ts"
import { runParts, supervisorLayer } from "./RunParts.ts"
import { Secrets } from "./Secrets.ts"
import { readStackFile } from "./StackFile.ts"
import { StackSettings, type StartOptions } from "./StackSettings.ts"
import { summary } from "./Summary.ts"
import type { ServiceSpec } from "./services.ts"

/** Starts the real parts, says where they are, and runs until it is interrupted. */
export const start = (options: StartOptions) =>
  Effect.gen(function* () {
    const settings = yield* StackSettings
    const { data, demo, root, terminal } = settings
    const logs = yield* LogStream
    const secrets = yield* Secrets
    const { parts, services } = yield* chooseParts
    yield* runParts(
      parts,
      describe(settings, secrets, services),
      Effect.gen(function* () {
        if (!terminal) return
        const runs = new Set(services.map(({ name }) => name))
        if (demo && runs.has("data-ingestion") && runs.has("loader")) {
          yield* logs
            .withTerminalHeld(sendDemo(root, data))
            .pipe(
              Effect.catchTag("DemoFailed", ({ message }) => Effect.logError(message))
            )
        }
        const stack = yield* readStackFile(data)
        if (Option.isNone(stack)) return
        process.stdout.write(`${summary(stack.value, data, "Ctrl-C stops it.")}\n`)
      })
    )
  }).pipe(Effect.provide(Secrets.layer), Effect.provide(supervisorLayer(options)))

const describe = Effect.fnUntraced(function* (
  settings: StackSettings["Service"],
  secrets: Secrets["Service"],
  services: ReadonlyArray<ServiceSpec>
) {
  const { data, portBase } = settings
  const urls = services
    .filter((service) => service.public)
    .map((service) => [service.name, serviceUrl(portBase, service)] as const)
  const api = urls.find(([name]) => name === "analytics-api")
  const stack = {
    services: Object.fromEntries(urls),
    ...storeUrls(settings, secrets),
    adminKey: Redacted.value(secrets.adminKey)
  }
  if (api === undefined) return stack
  const { complete: _, ...demo } = yield* demoProject(data, api[1], secrets.adminKey)
  return { ...stack, demo }
})
