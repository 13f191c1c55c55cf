import { afterAll, describe, expect } from "bun:test"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Stream } from "effect"
import { Sender } from "../../src/delivery/Sender.ts"
import { bucketTest } from "./bucketTest.ts"
import { deliveryTest, destination, enqueue, ledger } from "./DeliveryTest.ts"
import { mailServer } from "./MailServer.ts"

const mail = await mailServer()
afterAll(() => mail.close())

const { effect } = withLayer(deliveryTest({ smtpUrl: mail.url }, bucketTest))

const once = Effect.flatMap(Sender, (sender) => sender.once)

/** A file of a run, as it is in the object store. */
const file = Effect.fnUntraced(function* (name: string, bytes: number) {
  const key = `reports/7/run/${name}`
  const store = yield* ObjectStore
  yield* store.put(key, Stream.make(new Uint8Array(bytes).fill(97)))
  const url = `https://reports.example.com/v1/files/${name}`
  return { name, mediaType: "application/pdf", key, bytes, url }
})
const sizeOf = Effect.fnUntraced(function* (key: string) {
  const store = yield* ObjectStore
  const chunks = yield* Stream.runCollect(store.get(key))
  return Buffer.concat([...chunks]).byteLength
})

describe("files over a bucket", () => {
  effect("are attached as far as there is room, and linked beyond it", () =>
    Effect.gen(function* () {
      const addresses = ["ann@example.com"]
      const target = yield* destination({ kind: "email", name: "Ann", addresses })
      const files = [yield* file("small.pdf", 600), yield* file("large.pdf", 600)]
      yield* enqueue([target], { files })
      yield* once
      const [received] = mail.of("ann@example.com")
      expect(
        received?.mail.attachments.map(({ filename, size }) => [filename, size])
      ).toEqual([["small.pdf", 600]])
      expect(received?.mail.text).toContain(
        "large.pdf: https://reports.example.com/v1/files/large.pdf"
      )
      expect(received?.mail.text).not.toContain("files/small.pdf")
    })
  )

  effect("are stored once, by whatever attempt", () =>
    Effect.gen(function* () {
      const target = yield* destination({
        kind: "store",
        name: "Lake",
        prefix: "weekly"
      })
      const about = yield* enqueue([target], {
        files: [yield* file("report.pdf", 700)]
      })
      yield* once
      const [delivery] = yield* ledger(about)
      expect(delivery?.state).toBe("delivered")
      const folder = delivery?.attempts[0]?.response ?? ""
      expect(folder).toStartWith("report-deliveries/7/weekly/")
      expect(yield* sizeOf(`${folder}/report.pdf`)).toBe(700)
      const store = yield* ObjectStore
      const found = yield* Stream.runCollect(store.list("report-deliveries/7/"))
      expect([...found].map(({ key }) => key.slice(folder.length)).sort()).toEqual([
        "/message.json",
        "/report.pdf"
      ])
    })
  )

  effect("that are gone are told in the ledger", () =>
    Effect.gen(function* () {
      const target = yield* destination({ kind: "store", name: "Gone", prefix: "gone" })
      const missing = { ...(yield* file("gone.pdf", 1)), key: "reports/7/run/none.pdf" }
      const about = yield* enqueue([target], { files: [missing] })
      yield* once
      expect((yield* ledger(about))[0]).toMatchObject({
        state: "refused",
        detail: "The file reports/7/run/none.pdf is gone."
      })
    })
  )
})
