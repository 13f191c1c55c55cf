import { join } from "node:path"
import { Schema } from "effect"
import { secretsOf } from "./cross/Environment.ts"
import type { Installation, Service } from "./cross/Installation.ts"
import type { Finding, Manifest } from "./Manifest.ts"
import { renderedOf } from "./Rendered.ts"
import { overlays, render } from "./render.ts"
import { strictKustomization } from "./schema/strictSchema.ts"

const root = join(import.meta.dirname, "../../..")
const folder = join(root, "k8s")

/** Where kubectl is unpacked to. */
export const cache = join(root, ".tools")

const TiltYaml = Schema.Struct({
  images: Schema.Record(Schema.String, Schema.Unknown),
  services: Schema.Record(
    Schema.String,
    Schema.Struct({ image: Schema.String, entry: Schema.String, port: Schema.Int })
  )
})

const read = (path: string): Promise<string> => Bun.file(join(root, path)).text()

/** Overlays by their folders below `k8s/`, rendered: all there are, those of stores too. */
export const renderAll = async (
  kubectl: string,
  folders?: ReadonlyArray<string>
): Promise<ReadonlyMap<string, ReadonlyArray<Manifest>>> => {
  const found = folders ?? (await overlays(folder))
  const rendered = await Promise.all(
    found.map(
      async (each) => [each, await render(kubectl, join(folder, each))] as const
    )
  )
  return new Map(rendered)
}

/** What `kubectl kustomize` would silently pass over in the files themselves. */
export const checkKustomizations = async (): Promise<ReadonlyArray<Finding>> => {
  const files = [...new Bun.Glob("**/kustomization.yaml").scanSync(folder)]
  const found = await Promise.all(
    files.map(async (file) =>
      strictKustomization(`k8s/${file}`, Bun.YAML.parse(await read(join("k8s", file))))
    )
  )
  return found.flat()
}

const Generators = Schema.Struct({
  secretGenerator: Schema.Array(
    Schema.Struct({ name: Schema.String, files: Schema.Array(Schema.String) })
  )
})

/**
 * The Secrets of production, which are not in the repository: their keys by
 * `k8s/secrets/kustomization.yaml`, URLs as the documentation has them.
 */
const productionSecrets = async (): Promise<ReadonlyMap<string, string>> => {
  const { secretGenerator } = Schema.decodeUnknownSync(Generators)(
    Bun.YAML.parse(await read("k8s/secrets/kustomization.yaml"))
  )
  return new Map([
    ...secretGenerator.flatMap(({ files, name }) =>
      files.map((file) => [`${name}/${file.split("=")[0]}`, ""] as const)
    ),
    ["clickhouse-app/uri", "http://analytics:x@clickhouse-analytics:8123/analytics"],
    ["smtp/url", "smtp://reports:x@smtp.example.com:587"],
    // CloudNativePG makes this one.
    [
      "postgres-app/uri",
      "postgresql://analytics:x@postgres-rw.analytics:5432/analytics"
    ]
  ])
}

const services = async () => {
  const tilt = Schema.decodeUnknownSync(TiltYaml)(
    Bun.YAML.parse(await read("tilt.yaml"))
  )
  return {
    services: new Map<string, Service>(Object.entries(tilt.services)),
    images: Object.keys(tilt.images)
  }
}

/** All services of an overlay with what they stand on. */
export const installationOf = async (
  name: "dev" | "prod",
  rendered: ReadonlyMap<string, ReadonlyArray<Manifest>>
): Promise<Installation> => {
  const platform = name === "dev" ? "overlays/dev/platform" : "platform"
  const all = renderedOf([
    ...(rendered.get(`overlays/${name}`) ?? []),
    ...(rendered.get(platform) ?? [])
  ])
  return {
    rendered: all,
    secrets: name === "dev" ? secretsOf(all) : await productionSecrets(),
    production: name === "prod",
    ...(await services())
  }
}
