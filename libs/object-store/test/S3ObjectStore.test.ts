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

describe("a body that is given up", () => {
  it("is taken back at the server, part by part", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      // The server of the other tests does not know how to take a part back.
      const server = yield* Effect.acquireRelease(
        Effect.sync(() =>
          Bun.serve({
            port: 0,
            hostname: "127.0.0.1",
            maxRequestBodySize: 64 * 1024 * 1024,
            fetch: async (request) => {
              await request.bytes()
              const { search } = new URL(request.url)
              asked.push(`${request.method} ${search}`)
              return request.method === "POST"
                ? new Response(
                    "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
                    { headers: { "content-type": "application/xml" } }
                  )
                : new Response(null, { headers: { etag: '"e"' } })
            }
          })
        ),
        (it) => Effect.promise(() => it.stop(true))
      )
      const body = Stream.concat(
        Stream.make(Buffer.alloc(40_000_000)),
        Stream.fail("broken" as const)
      )
      const failed = yield* Effect.flip(
        Effect.flatMap(ObjectStore, (store) => store.put("a", body)).pipe(
          Effect.provide(storeAt(server.url.origin))
        )
      )
      expect(failed).toBe("broken")
      expect(asked[0]).toBe("POST ?uploads=")
      expect(asked.at(-1)).toBe("DELETE ?uploadId=u1&x-id=AbortMultipartUpload")
      expect(asked.filter((it) => it.startsWith("POST"))).toHaveLength(1)
    }).pipe(Effect.scoped, Effect.runPromise))
})
