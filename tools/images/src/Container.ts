import { Effect, Schedule, Schema } from "effect"
import { Engine } from "./Engine.ts"
import { ImagesFailed } from "./ImagesFailed.ts"

export interface ContainerOptions {
  readonly name: string
  readonly image: string
  /** What the entry point runs; the image's own without it. */
  readonly command?: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** Folder with the secrets, one file each. */
  readonly secrets: string
  /** As `--memory` takes it. */
  readonly memory: string
}

/** One volume for all: the objects are shared, and each keeps the rest in a folder of its own. */
export const volume = "analytics-verify-state"

/** Hardened as in production: nothing to write to, no rights, nobody's user. */
const hardened = [
  "--network=host",
  "--read-only",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  "--user=65532:65532",
  "--pids-limit=512",
  "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=256m,mode=1777",
  `--volume=${volume}:/var/lib/analytics`
]

const runArguments = ({
  command = [],
  env,
  image,
  memory,
  name,
  secrets
}: ContainerOptions) => [
  `--name=analytics-verify-${name}`,
  ...hardened,
  `--memory=${memory}`,
  `--memory-swap=${memory}`,
  `--volume=${secrets}:/run/secrets/analytics:ro`,
  ...Object.entries(env).map(([key, value]) => `--env=${key}=${value}`),
  image,
  ...command
]

/** Runs a container to its end and gives what it wrote; fails unless it ends with 0. */
export const runContainer = Effect.fn("Container.run")(function* (
  options: ContainerOptions
) {
  const { docker } = yield* Engine
  return yield* docker.run(["run", "--rm", ...runArguments(options)])
})

export interface Container {
  readonly name: string
  /** Runs a script with the container's own Bun, beside the service. */
  readonly evaluate: (script: string) => Effect.Effect<string, ImagesFailed>
  readonly terminate: Effect.Effect<void, ImagesFailed>
  /** Its exit code, when it has ended. */
  readonly ended: Effect.Effect<number, ImagesFailed>
  readonly log: Effect.Effect<string>
}

/** Starts a container, which is removed with its scope. */
export const startContainer = Effect.fn("Container.start")(function* (
  options: ContainerOptions
) {
  const { docker } = yield* Engine
  const id = `analytics-verify-${options.name}`
  yield* Effect.acquireRelease(
    docker.run(["run", "--detach", ...runArguments(options)]),
    () => Effect.ignore(docker.run(["rm", "--force", id]))
  )
  return {
    name: options.name,
    evaluate: (script) =>
      docker.run(["exec", id, "/usr/local/bin/bun", "-e", script], {
        timeout: "30 seconds"
      }),
    terminate: Effect.asVoid(docker.run(["kill", "--signal=TERM", id])),
    ended: Effect.map(docker.run(["wait", id], { timeout: "1 minute" }), Number),
    log: Effect.orElseSucceed(docker.run(["logs", id]), () => "")
  } satisfies Container
})

/** What a probe inside the container found. */
const Probe = Schema.fromJsonString(
  Schema.Struct({
    uid: Schema.Int,
    gid: Schema.Int,
    capabilities: Schema.String,
    noNewPrivileges: Schema.String,
    /** Of the mount of the root. */
    root: Schema.String,
    writable: Schema.Array(Schema.String),
    shells: Schema.Array(Schema.String)
  })
)

const probe = `
const fs = require("node:fs")
const status = fs.readFileSync("/proc/self/status", "utf8")
const of = (name) => new RegExp("^" + name + ":\\\\s*(\\\\S+)", "m").exec(status)[1]
const root = /^\\S+ \\/ \\S+ (rw|ro)\\b/m.exec(fs.readFileSync("/proc/mounts", "utf8"))[1]
const writable = ["/", "/app", "/etc", "/usr", "/tmp", "/var/lib", "/var/lib/analytics"].filter((folder) => {
  try { fs.writeFileSync(folder + "/.probe", ""); fs.rmSync(folder + "/.probe"); return true } catch { return false }
})
const shells = ["sh", "bash", "busybox", "apt", "dpkg"].filter((name) => ["/bin/", "/usr/bin/"].some((at) => fs.existsSync(at + name)))
console.log(JSON.stringify({ uid: process.getuid(), gid: process.getgid(), capabilities: of("CapBnd"), noNewPrivileges: of("NoNewPrivs"), root, writable, shells }))
`

/** Fails unless the container is confined as it should be. */
export const checkConfined = Effect.fn("Container.checkConfined")(function* (
  container: Container
) {
  const text = yield* container.evaluate(probe)
  const found = yield* Schema.decodeEffect(Probe)(text).pipe(
    Effect.mapError(
      (error) => new ImagesFailed({ message: `${container.name}: ${error.message}` })
    )
  )
  const wanted: typeof found = {
    uid: 65532,
    gid: 65532,
    capabilities: "0000000000000000",
    noNewPrivileges: "1",
    root: "ro",
    writable: ["/tmp", "/var/lib/analytics"],
    shells: []
  }
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    return yield* new ImagesFailed({
      message: `${container.name} is not confined: ${JSON.stringify(found)}`
    })
})

/** Waits until a path answers 200. */
export const answers = (url: string, container: Container) =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal })
      if (response.status !== 200)
        throw new Error(`${response.status} ${await response.text()}`)
    },
    catch: (error) => new ImagesFailed({ message: `${url}: ${error}` })
  }).pipe(
    Effect.timeoutOrElse({
      duration: "5 seconds",
      orElse: () => Effect.fail(new ImagesFailed({ message: `${url} is silent` }))
    }),
    // Three minutes: the machine may be busy with something else.
    Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 900 }),
    Effect.catch((error) =>
      Effect.flatMap(container.log, (log) =>
        Effect.fail(
          new ImagesFailed({
            message: `${error.message}\n${container.name} wrote:\n${log.slice(-4000)}`
          })
        )
      )
    )
  )
