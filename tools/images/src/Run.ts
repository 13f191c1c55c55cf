import { randomBytes } from "node:crypto"
import { chmod, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { Effect } from "effect"
import type { Built } from "./Build.ts"
import {
  answers,
  type Container,
  checkConfined,
  runContainer,
  startContainer
} from "./Container.ts"
import { checkDrain, type HeldRequest } from "./Drain.ts"
import {
  createProject,
  eventsComeOut,
  forecastBody,
  modelIsTrained,
  type Project,
  reportBody,
  reportIsMade,
  type Urls
} from "./Journey.ts"
import { type ProcessSpec, processes } from "./processes.ts"
import { freePorts, startStores } from "./Stores.ts"

/** What was seen of one process. */
export interface Seen {
  readonly process: ProcessSpec
  /** Seconds from the start to `/readyz`, and from SIGTERM to the end. */
  readonly ready: number
  readonly drained: number
}

const writeSecrets = (folder: string, secrets: Readonly<Record<string, string>>) =>
  Effect.promise(async () => {
    await mkdir(folder, { recursive: true })
    for (const [name, value] of Object.entries(secrets)) {
      await writeFile(join(folder, name), value)
      // Read by the user of the containers; the folder above is this user's alone.
      await chmod(join(folder, name), 0o444)
    }
    await chmod(folder, 0o755)
  })

const portsOf = Effect.fn("Verify.ports")(function* () {
  const ports = yield* freePorts(processes.length + 1)
  const urls: Urls = Object.fromEntries(
    processes.map(({ name }, index) => [name, `http://127.0.0.1:${ports[index]}`])
  )
  return { urls, runnerPort: ports[processes.length] ?? 0 }
})

/** Runs all processes hardened, uses them, and ends one after the other. */
export const runAll = Effect.fn("Verify.runAll")(function* (
  folder: string,
  images: ReadonlyArray<Built>
) {
  const stores = yield* startStores(join(folder, "stores"))
  const secret = () => randomBytes(24).toString("hex")
  const keys = {
    ADMIN_KEY: secret(),
    SERVICE_KEY: secret(),
    REPORTING_SECRET: secret()
  }
  const secrets = join(folder, "secrets")
  yield* writeSecrets(secrets, { ...stores, ...keys })
  const fileOf = (name: string) => [`${name}_FILE`, `/run/secrets/analytics/${name}`]
  const storeEnv = Object.fromEntries(Object.keys(stores).map(fileOf))
  const tagOf = (name: string) => images.find((it) => it.name === name)?.tag ?? name

  yield* runContainer({
    name: "migrations",
    image: tagOf("migrations"),
    command: ["tools/migrate/src/main.ts", "upgrade"],
    env: storeEnv,
    secrets,
    memory: "512m"
  })
  yield* Effect.logInfo("Migrated by the image of the migrations")

  const { runnerPort, urls } = yield* portsOf()
  const common = {
    ...storeEnv,
    ...Object.fromEntries(Object.keys(keys).map(fileOf)),
    ...Object.fromEntries(
      Object.entries(urls).map(([name, url]) => [
        `${name.toUpperCase().replaceAll("-", "_")}_URL`,
        url
      ])
    ),
    BATCH_RUNNER_PORT: String(runnerPort),
    OBJECT_STORE_URL: "file:///var/lib/analytics/objects",
    HTTP_DRAIN_DELAY: "1 second",
    HTTP_DRAIN_TIMEOUT: "20 seconds"
  }
  const running: Array<{ process: ProcessSpec; container: Container; ready: number }> =
    []
  for (const process of processes) {
    const url = urls[process.name] ?? ""
    const begin = performance.now()
    const container = yield* startContainer({
      ...process,
      image: tagOf(process.image),
      ...(process.entry === undefined ? {} : { command: [process.entry] }),
      env: { ...common, PORT: new URL(url).port },
      secrets
    })
    yield* answers(`${url}/livez`, container)
    yield* answers(`${url}/readyz`, container)
    const ready = (performance.now() - begin) / 1000
    yield* checkConfined(container)
    running.push({ process, container, ready })
    yield* Effect.logInfo(
      `${process.name}: ready after ${ready.toFixed(1)} s, and confined`
    )
  }

  const project = yield* createProject(urls, keys.ADMIN_KEY)
  for (const step of [eventsComeOut, modelIsTrained, reportIsMade])
    yield* Effect.logInfo(`Used: ${yield* step(urls, project)}`)

  const requests = heldRequests(project)
  const seen: Array<Seen> = []
  // Those that others ask end last.
  for (const { container, process, ready } of running.toReversed()) {
    const url = urls[process.name] ?? ""
    const drained = yield* checkDrain(container, url, requests[process.name])
    seen.unshift({ process, ready, drained })
    yield* Effect.logInfo(
      `${process.name}: ended with 0 after ${drained.toFixed(1)} s${requests[process.name] ? ", its request answered" : ""}`
    )
  }
  return seen
})

const heldRequests = ({
  secretKey,
  writeKey
}: Project): Readonly<Record<string, HeldRequest>> => ({
  "analytics-api": {
    path: "/v1/query",
    key: secretKey,
    body: {
      kind: "trends",
      range: "last_30d",
      timezone: "UTC",
      interval: "day",
      series: [{ measure: "total" }]
    }
  },
  "data-ingestion": {
    path: "/v1/batch",
    key: writeKey,
    body: {
      batch: [{ type: "track", event: "late", userId: "u-1", messageId: "late" }]
    }
  },
  "ml-inference": { path: "/v1/forecast", key: secretKey, body: forecastBody },
  "batch-processor": {
    path: "/v1/jobs",
    key: secretKey,
    body: { type: "noop", payload: { note: "late" } }
  },
  "reporting-engine": {
    path: "/v1/reports/preview?format=html",
    key: secretKey,
    body: reportBody
  }
})
