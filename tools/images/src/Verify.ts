import { join } from "node:path"
import { Effect } from "effect"
import { type BaseImages, baseImages } from "./BaseImages.ts"
import { type Built, buildImage } from "./Build.ts"
import { volume } from "./Container.ts"
import { Engine } from "./Engine.ts"
import { ImagesFailed } from "./ImagesFailed.ts"
import { imageNames } from "./processes.ts"
import { runAll, type Seen } from "./Run.ts"
import { copySources } from "./Sources.ts"

export interface Verified {
  readonly images: ReadonlyArray<Built>
  readonly processes: ReadonlyArray<Seen>
}

/** Builds, runs, uses and ends every image; fails with what is wrong. */
export const verify = Effect.fn("Verify.verify")(function* (
  root: string,
  folder: string
) {
  const { description, docker } = yield* Engine
  yield* Effect.logInfo(`Engine: ${description}`)
  const sources = yield* copySources(root, join(folder, "sources"))
  const bases = yield* baseImages(root, join(folder, "bases"))
  yield* Effect.logInfo(`Base images: ${Object.values(bases).join(", ")}`)
  const images = yield* Effect.forEach(imageNames, (name) =>
    buildImage(name, { root: sources, bases }).pipe(
      Effect.tap(({ seconds, size }) =>
        Effect.logInfo(`Built ${name}: ${mb(size)} in ${seconds.toFixed(1)} s`)
      )
    )
  )
  yield* checkReproducible(sources, bases, images)
  yield* Effect.acquireRelease(docker.run(["volume", "create", volume]), () =>
    Effect.ignore(docker.run(["volume", "rm", "--force", volume]))
  )
  const seen = yield* Effect.scoped(runAll(folder, images))
  return { images, processes: seen } satisfies Verified
})

const mb = (bytes: number) => `${(bytes / 1_000_000).toFixed(0)} MB`

/**
 * The same input gives the same packages and sources, whenever they are built. The layer of
 * the folder for state is left out: BuildKit gives `/var/lib` the time of the build.
 */
const checkReproducible = Effect.fn("Verify.reproducible")(function* (
  root: string,
  bases: BaseImages,
  images: ReadonlyArray<Built>
) {
  const first = images.find(({ name }) => name === "migrations")?.layers ?? []
  const again = yield* buildImage("migrations", { root, bases, fresh: true })
  const stable = -2
  if (first.slice(0, stable).join() !== again.layers.slice(0, stable).join())
    return yield* new ImagesFailed({
      message: `The layers of migrations differ when they are built again:\n${first.join("\n")}\n\n${again.layers.join("\n")}`
    })
  yield* Effect.logInfo("Built again without a cache: the same layers")
})
