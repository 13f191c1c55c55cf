import { performance } from "node:perf_hooks"
import { Effect } from "effect"
import type { BaseImages } from "./BaseImages.ts"
import { Engine } from "./Engine.ts"

/** A built image. */
export interface Built {
  readonly name: string
  readonly tag: string
  /** Bytes of all layers, unpacked, and of those above the base image. */
  readonly size: number
  readonly ownSize: number
  readonly seconds: number
  /** Digests of the layers, those of the base first. */
  readonly layers: ReadonlyArray<string>
}

export interface BuildOptions {
  /** Of the repository. */
  readonly root: string
  readonly bases: BaseImages
  readonly target?: "dev" | "runtime"
  /** Runs every step again. */
  readonly fresh?: boolean
}

export const buildImage = Effect.fn("Build.image")(function* (
  name: string,
  { bases, fresh = false, root, target = "runtime" }: BuildOptions
) {
  const { docker } = yield* Engine
  const tag = `analytics-verify/${name}:${target}`
  const begin = performance.now()
  yield* docker.run(
    [
      "build",
      "--network=host",
      `--file=${root}/docker/Dockerfile`,
      `--target=${target}`,
      `--tag=${tag}`,
      `--build-arg=SERVICE=${name}`,
      ...Object.entries(bases).map(([key, image]) => `--build-arg=${key}=${image}`),
      ...(fresh ? ["--no-cache"] : []),
      root
    ],
    { timeout: "15 minutes" }
  )
  const seconds = (performance.now() - begin) / 1000
  const base = yield* sizeOf(target === "dev" ? bases.BUN_IMAGE : bases.RUNTIME_IMAGE)
  const size = yield* sizeOf(tag)
  const layers = yield* inspect(tag, "{{range .RootFS.Layers}}{{.}} {{end}}")
  return {
    name,
    tag,
    size,
    ownSize: size - base,
    seconds,
    layers: layers.trim().split(" ")
  } satisfies Built
})

const inspect = (image: string, format: string) =>
  Effect.flatMap(Engine, ({ docker }) =>
    docker.run(["image", "inspect", `--format=${format}`, image])
  )

const sizeOf = (image: string) => Effect.map(inspect(image, "{{.Size}}"), Number)
