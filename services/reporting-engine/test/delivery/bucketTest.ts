import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import * as ConfiguredObjectStore from "@analytics/object-store/ConfiguredObjectStore"
import { Effect, Layer, Redacted } from "effect"
import { BUCKET, KEY, s3Server } from "../../../../libs/object-store/test/S3Server.ts"

/** A bucket of a server that checks signatures. */
export const bucketTest = Layer.unwrap(
  Effect.map(s3Server, ({ endpoint }) =>
    ConfiguredObjectStore.layer.pipe(
      Layer.provide(
        ObjectStoreConfig.layerOf({
          place: { kind: "bucket", bucket: BUCKET, prefix: "analytics/" },
          endpoint,
          region: "us-east-1",
          pathStyle: true,
          credentials: { accessKey: Redacted.make(KEY), secretKey: Redacted.make(KEY) }
        })
      )
    )
  )
).pipe(Layer.orDie)
