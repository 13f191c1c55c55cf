import { Effect } from "effect"
import { ModelsClient } from "./ModelsClient.ts"
import type { Facts } from "./ModelViews.ts"

interface Measured {
  /** ISO 8601: of when it is true. */
  readonly at: string
  readonly kind: "drift" | "outcome" | "online"
  /** Who measured it. */
  readonly job: string
  readonly [more: string]: unknown
}

/** Adds a measurement to a version, unless this job added the one of that moment before. */
export const addQualityOnce = Effect.fn("addQualityOnce")(function* (
  of: { readonly projectId: number; readonly model: string; readonly version: number },
  measured: Measured
) {
  const client = yield* ModelsClient
  const { quality } = yield* client.version(of.projectId, of.model, of.version)
  if (quality.some((it) => isSame(it, measured))) return
  yield* client.addQuality(of.projectId, of.model, of.version, measured)
})

const isSame = (known: Facts, { at, job, kind }: Measured): boolean =>
  known["job"] === job &&
  known["kind"] === kind &&
  Date.parse(String(known["at"])) === Date.parse(at)
