import { expect, it } from "bun:test"
import { rmSync } from "node:fs"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { layerOf } from "@analytics/object-store/S3ObjectStore"
import { Effect, Redacted, Stream } from "effect"
import { BUCKET, KEY, s3Server } from "../../../../libs/object-store/test/S3Server.ts"
import { ImportSources } from "../../src/types/import/ImportSources.ts"
import { importLayer, makeFolder } from "./importTest.ts"

const text = "userId,event\nu,e\n"

it("reads an object of a bucket that is allowed, and notices when it changed", () => {
  const folder = makeFolder()
  return Effect.gen(function* () {
    const { endpoint } = yield* s3Server
    const bucket = layerOf(
      {
        place: { kind: "bucket", bucket: BUCKET, prefix: "" },
        endpoint,
        region: "us-east-1",
        pathStyle: true,
        credentials: { accessKey: Redacted.make(KEY), secretKey: Redacted.make(KEY) }
      },
      { bucket: BUCKET, prefix: "" }
    )
    const put = (content: string) =>
      ObjectStore.use((store) =>
        store.put("in/orders.csv", Stream.make(Buffer.from(content)))
      ).pipe(Effect.provide(bucket))
    yield* put(text)
    yield* Effect.gen(function* () {
      const sources = yield* ImportSources
      const job = { id: crypto.randomUUID(), projectId: 1 }
      const find = (url: string) => sources.find({ url }, job)
      const found = yield* find(`s3://${BUCKET}/in/orders.csv`)
      expect(found).toMatchObject({ bytes: text.length, at: { kind: "s3" } })
      const read = yield* Effect.gen(function* () {
        const file = yield* sources.open(found)
        const slice = yield* Effect.promise(() => file.slice(2, 8))
        const chunks = yield* Effect.promise(() => Array.fromAsync(file.read(7)))
        return [Buffer.from(slice).toString(), Buffer.concat(chunks).toString()]
      }).pipe(Effect.scoped)
      expect(read).toEqual(["erId,e", "event\nu,e\n"])
      yield* put(`${text}u2,e\n`)
      const changed = yield* Effect.flip(Effect.scoped(sources.open(found)))
      expect(changed.detail).toContain("changed")
      const none = yield* Effect.flip(find(`s3://${BUCKET}/in/none.csv`))
      expect(none).toMatchObject({ _tag: "JobFailed" })
      const other = yield* Effect.flip(find("s3://other/in/orders.csv"))
      expect(other.detail).toContain("BATCH_IMPORT_BUCKETS")
    }).pipe(
      Effect.provide(
        importLayer(folder, { buckets: [BUCKET], s3: { endpoint, key: KEY } })
      )
    )
    rmSync(folder.root, { recursive: true })
  }).pipe(Effect.scoped, Effect.runPromise)
}, 60_000)
