import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer, Schedule } from "effect"
import { run, runCommand } from "./Command.ts"
import { type Client, clientFor } from "./DockerClient.ts"
import { ImagesFailed } from "./ImagesFailed.ts"

/** A container engine that answers. */
export class Engine extends Context.Service<
  Engine,
  {
    readonly docker: Client
    /** Started here, and stopped at the end, with all its images. */
    readonly isOwn: boolean
    readonly description: string
  }
>()("images/Engine") {
  /** The engine that runs on this machine, else Debian's, started over `folder`. */
  static readonly layer = (folder: string) =>
    Layer.effect(
      Engine,
      Effect.gen(function* () {
        const found = yield* Effect.option(
          Effect.tap(clientFor(undefined), (docker) => docker.run(["info"]))
        )
        if (found._tag === "None") {
          yield* installed("dockerd", ["docker.io", "docker-cli", "docker-buildx"])
          return yield* started(folder)
        }
        const description = yield* describe(found.value)
        return { docker: found.value, isOwn: false, description }
      })
    )
}

/** Fastest first; the last one works on every file system. */
const storageDrivers = ["overlay2", "fuse-overlayfs", "vfs"]

const started = Effect.fn("Engine.started")(function* (folder: string) {
  let reason = ""
  for (const driver of storageDrivers) {
    const attempt = yield* Effect.result(startWith(driver, folder))
    if (attempt._tag === "Success") return attempt.success
    reason += `\n${driver}: ${attempt.failure.message}`
  }
  return yield* new ImagesFailed({
    message: `Debian's engine does not start on this machine:${reason}`
  })
})

const startWith = Effect.fnUntraced(function* (driver: string, folder: string) {
  yield* Effect.promise(() => mkdir(folder, { recursive: true }))
  const log = join(folder, `${driver}.log`)
  const socket = join(folder, "docker.sock")
  const daemon = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.spawn(
        [
          "dockerd",
          `--storage-driver=${driver}`,
          `--data-root=${join(folder, "data")}`,
          `--exec-root=${join(folder, "exec")}`,
          `--pidfile=${join(folder, "pid")}`,
          `--host=unix://${socket}`,
          // Containers use the network of the machine: a sandbox often has no other.
          "--bridge=none",
          "--iptables=false",
          "--ip6tables=false"
        ],
        { stdio: ["ignore", Bun.file(log), Bun.file(log)], detached: true }
      )
    ),
    (child) => stopped(child, folder)
  )
  const docker = yield* clientFor(`unix://${socket}`)
  const asked = docker.run(["info"], { timeout: "5 seconds" }).pipe(
    Effect.retry({
      schedule: Schedule.spaced("250 millis"),
      times: 120,
      while: () => daemon.exitCode === null
    }),
    Effect.catch(() =>
      Effect.promise(() => Bun.file(log).text()).pipe(
        Effect.flatMap((text) =>
          Effect.fail(new ImagesFailed({ message: text.slice(-1000) }))
        )
      )
    )
  )
  yield* asked
  return { docker, isOwn: true, description: yield* describe(docker) }
})

const stopped = (child: Bun.Subprocess, folder: string) =>
  Effect.gen(function* () {
    child.kill("SIGTERM")
    yield* Effect.promise(() => child.exited).pipe(
      Effect.timeoutOrElse({
        duration: "30 seconds",
        orElse: () => Effect.sync(() => child.kill("SIGKILL"))
      })
    )
    // The network namespace that containers shared with the machine.
    yield* runCommand(["umount", join(folder, "exec/netns/default")])
    yield* runCommand(["rm", "-rf", join(folder, "exec")])
  }).pipe(Effect.ignore)

const describe = (docker: Client) =>
  Effect.map(
    docker.run(["version", "--format", "{{.Server.Version}}"]),
    (version) => `engine ${version}, client ${docker.version}`
  )

/** Installs packages, those that this Debian has, when a program is missing. */
export const installed = Effect.fn("Engine.installed")(function* (
  program: string,
  packages: ReadonlyArray<string>
) {
  if (Bun.which(program) !== null) return
  if (process.getuid?.() !== 0 || Bun.which("apt-get") === null)
    return yield* new ImagesFailed({
      message: `No container engine answers and ${program} is not installed. Start an engine, or run this as root on Debian.`
    })
  yield* Effect.logInfo(`installing ${packages[0]}`)
  const env = { DEBIAN_FRONTEND: "noninteractive" }
  yield* runCommand(["apt-get", "update", "-q"], { env })
  const known = yield* Effect.filter(packages, (name) =>
    Effect.map(runCommand(["apt-cache", "show", name]), ({ code }) => code === 0)
  )
  yield* run(["apt-get", "install", "-yq", "--no-install-recommends", ...known], {
    env
  })
})
