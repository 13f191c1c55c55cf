import { Effect } from "effect"
import { type CommandOptions, run, runCommand } from "./Command.ts"
import { ImagesFailed } from "./ImagesFailed.ts"

/** A docker command line that builds with BuildKit. */
export interface Client {
  readonly version: string
  readonly run: (
    args: ReadonlyArray<string>,
    options?: CommandOptions
  ) => Effect.Effect<string, ImagesFailed>
}

/** From this version on, clients build with BuildKit by a plugin alone. */
const pluginNeeded = 23

/**
 * The first client that can build. Debian's may lie beside a newer one that was installed
 * without its plugin.
 *
 * @param host where the engine listens; as the environment says, without it
 */
export const clientFor = Effect.fn("DockerClient.clientFor")(function* (
  host: string | undefined
) {
  const env = {
    DOCKER_BUILDKIT: "1",
    BUILDKIT_PROGRESS: "plain",
    ...(host === undefined ? {} : { DOCKER_HOST: host })
  }
  const found = [Bun.which("docker"), "/usr/bin/docker"].filter((path) => path !== null)
  for (const path of new Set(found)) {
    const { code, output } = yield* Effect.orElseSucceed(
      runCommand([path, "--version"], { env }),
      () => ({ code: 1, output: "" })
    )
    const version = /version (\d+)\.[\w.+-]*/.exec(output)
    if (code !== 0 || version === null) continue
    if (Number(version[1]) >= pluginNeeded) {
      const plugin = yield* runCommand([path, "buildx", "version"], { env })
      if (plugin.code !== 0) continue
    }
    const client: Client = {
      version: version[0].replace("version ", ""),
      run: (args, options = {}) => run([path, ...args], { ...options, env })
    }
    return client
  }
  return yield* new ImagesFailed({
    message:
      "No docker client here builds with BuildKit. Install docker.io (Debian), or the buildx plugin."
  })
})
