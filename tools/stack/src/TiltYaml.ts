import { readFileSync } from "node:fs"
import { Schema } from "effect"

const Name = Schema.String.check(Schema.isPattern(/^[a-z][a-z0-9-]*$/u))
const Path = Schema.String.check(
  Schema.isPattern(/^(?!\/)(?!.*\.\.)[\w./-]+$/u, {
    message: "a path inside the repository"
  })
)
const Port = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65535 }))
/** `local:container`, as Tilt and kubectl take it. */
const Forward = Schema.String.check(Schema.isPattern(/^\d{1,5}:\d{1,5}$/u))
const Names = Schema.Array(Name)
const Paths = Schema.Array(Path)

/** Changed files under `from` are copied to `to` in the running container. */
const Sync = Schema.Struct({
  from: Path,
  to: Schema.String.check(Schema.isPattern(/^\/app\//u))
})

const Resource = {
  labels: Names,
  depends_on: Schema.optionalKey(Names)
}

const Service = Schema.Struct({
  ...Resource,
  image: Name,
  entry: Path,
  /** Of the container; and of the local stack, counted from 4000. */
  port: Port,
  /** A process that only probes and Prometheus speak to: it has no URL. */
  worker: Schema.optionalKey(Schema.Boolean),
  overlay: Path,
  ports: Schema.Array(Forward),
  local: Schema.optionalKey(
    Schema.Struct({
      with: Schema.optionalKey(Names),
      env: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
    })
  )
})

/** `tilt.yaml`, version 1: what runs in a local cluster (Tiltfile) and on a laptop (this). */
export const TiltYaml = Schema.Struct({
  version: Schema.Literal(1),
  cluster: Schema.Struct({ namespace: Name, namespaces: Path, contexts: Names }),
  profiles: Schema.Record(Name, Names),
  platform: Schema.Struct({
    overlay: Path,
    resources: Schema.Record(Name, Schema.Struct({ ports: Schema.Array(Forward) }))
  }),
  image_defaults: Schema.Struct({
    dockerfile: Path,
    target: Name,
    only: Paths,
    full_rebuild_on: Paths,
    sync: Schema.Array(Sync)
  }),
  images: Schema.Record(Name, Schema.Struct({ sync: Schema.Array(Sync) })),
  services: Schema.Record(Name, Service),
  jobs: Schema.Record(Name, Schema.Struct({ ...Resource, image: Name, overlay: Path })),
  tasks: Schema.Record(
    Name,
    Schema.Struct({
      ...Resource,
      cmd: Schema.String,
      deps: Schema.optionalKey(Paths),
      manual: Schema.optionalKey(Schema.Boolean)
    })
  )
})
export type TiltYaml = typeof TiltYaml.Type

/** Throws with every misspelt or missing field named. */
export const parseTiltYaml = (text: string): TiltYaml =>
  Schema.decodeUnknownSync(TiltYaml)(Bun.YAML.parse(text), {
    onExcessProperty: "error",
    errors: "all"
  })

/** The repository's own. It is part of the program, so that a wrong one ends it. */
export const tiltYaml = parseTiltYaml(
  readFileSync(new URL("../../../tilt.yaml", import.meta.url), "utf8")
)
