import { Context, Effect, Layer, Option, type Redacted } from "effect"
import type { ObjectPlace } from "./Kind.ts"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  place: "OBJECT_STORE_URL",
  endpoint: "OBJECT_STORE_ENDPOINT",
  region: "OBJECT_STORE_REGION",
  pathStyle: "OBJECT_STORE_PATH_STYLE",
  accessKey: "OBJECT_STORE_ACCESS_KEY",
  secretKey: "OBJECT_STORE_SECRET_KEY"
}).pipe(
  Effect.filterOrFail(
    ({ accessKey, secretKey }) => Option.isSome(accessKey) === Option.isSome(secretKey),
    () =>
      Settings.contradiction(
        "OBJECT_STORE_ACCESS_KEY and OBJECT_STORE_SECRET_KEY belong together: set both, or neither."
      )
  ),
  Effect.map(({ accessKey, endpoint, pathStyle, place, region, secretKey }) => ({
    place,
    region,
    endpoint: Option.getOrUndefined(endpoint),
    pathStyle: Option.getOrElse(pathStyle, () => Option.isSome(endpoint)),
    credentials: Option.getOrUndefined(Option.all({ accessKey, secretKey }))
  }))
)

/** Where uploads, exports and backups are kept. */
export class ObjectStoreConfig extends Context.Service<
  ObjectStoreConfig,
  {
    readonly place: ObjectPlace
    /** URL of the S3-compatible server; undefined is AWS. */
    readonly endpoint: string | undefined
    readonly region: string
    readonly pathStyle: boolean
    /** undefined: what the AWS SDK finds by itself. */
    readonly credentials:
      | {
          readonly accessKey: Redacted.Redacted
          readonly secretKey: Redacted.Redacted
        }
      | undefined
  }
>()("@analytics/config/ObjectStoreConfig") {
  static readonly layer = Layer.effect(ObjectStoreConfig, fields)

  static readonly layerOf = (values: ObjectStoreConfig["Service"]) =>
    Layer.succeed(ObjectStoreConfig, values)
}
