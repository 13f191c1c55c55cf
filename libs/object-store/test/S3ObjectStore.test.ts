import { describe, expect, it } from "bun:test"
import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { Effect, Layer, Redacted, Stream } from "effect"
import * as ConfiguredObjectStore from "../src/ConfiguredObjectStore.ts"
import { ObjectStore } from "../src/ObjectStore.ts"
import { objectStoreContract } from "./objectStoreContract.ts"
import { BUCKET, KEY, s3Server } from "./S3Server.ts"

const storeAt = (endpoint: string, secret: string = KEY, bucket: string = BUCKET) =>
  ConfiguredObjectStore.layer.pipe(
    Layer.provide(
      ObjectStoreConfig.layerOf({
        place: { kind: "bucket", bucket, prefix: "some/prefix/" },
        endpoint,
        region: "us-east-1",
        pathStyle: true,
        credentials: { accessKey: Redacted.make(KEY), secretKey: Redacted.make(secret) }
      })
    )
  )

objectStoreContract(
  "S3ObjectStore",
  Layer.unwrap(Effect.map(s3Server, ({ endpoint }) => storeAt(endpoint))),
  { large: 40_000_000, ordered: false }
)

const put = Effect.flatMap(ObjectStore, (store) =>
  store.put("a", Stream.make(Buffer.from("x")))
)

describe("a bucket that refuses", () => {
  it("names the reason, and never the credentials", () =>
    Effect.gen(function* () {
      const { endpoint } = yield* s3Server
      const secret = "not-the-right-secret"
      const refused = yield* Effect.flip(
        put.pipe(Effect.provide(storeAt(endpoint, secret)))
      )
      expect(refused._tag).toBe("ObjectStoreUnavailable")
      expect(refused.message).toContain("SignatureDoesNotMatch")
      expect(JSON.stringify(refused)).not.toContain(secret)
      expect(JSON.stringify(refused)).not.toContain(KEY)
      const unknown = yield* Effect.flip(
        put.pipe(Effect.provide(storeAt(endpoint, KEY, "no-such-bucket")))
      )
      expect(unknown.message).toContain("NoSuchBucket")
      const away = yield* Effect.flip(
        put.pipe(Effect.provide(storeAt("http://127.0.0.1:1")))
      )
      expect(away.message).toContain("put a")
    }).pipe(Effect.scoped, Effect.runPromise))
})
