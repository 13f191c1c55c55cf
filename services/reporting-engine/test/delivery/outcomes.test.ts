import { afterAll, describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Webhook } from "standardwebhooks"
import { Deliveries } from "../../src/delivery/Deliveries.ts"
import { Sender } from "../../src/delivery/Sender.ts"
import { DestinationRepo } from "../../src/destinations/DestinationRepo.ts"
import { Destinations } from "../../src/destinations/Destinations.ts"
import {
  deliveryTest,
  destination,
  enqueue,
  ledger,
  objects,
  owner,
  sendAll
} from "./DeliveryTest.ts"
import { hookServer } from "./HookServer.ts"
import { mailServer } from "./MailServer.ts"

const mail = await mailServer()
const small = await mailServer({ size: 100 })
const hooks = hookServer()
afterAll(async () => {
  await mail.close()
  await small.close()
  hooks.close()
})
const { effect } = withLayer(
  deliveryTest({ smtpUrl: mail.url, hosts: [hooks.host] }, objects())
)

const once = Effect.flatMap(Sender, (sender) => sender.once)
const mailTo = (...addresses: ReadonlyArray<string>) =>
  destination({ kind: "email", name: addresses.join(), addresses })
const hookAt = (path: string) =>
  destination({ kind: "webhook", name: path, url: hooks.url(path) })
/** What became of a message at each attempt: outcome and code. */
const outcomes = (
  attempts: ReadonlyArray<{ outcome: string | null; code: number | null }>
) => attempts.map(({ code, outcome }) => `${outcome} ${code}`)

describe("an e-mail", () => {
  effect("goes to each recipient alone, and a refused one holds up nobody", () =>
    Effect.gen(function* () {
      const target = yield* mailTo(
        "bea@example.com",
        "gone@example.com",
        "cy@example.com"
      )
      const about = yield* enqueue([target])
      yield* sendAll(1)
      const found = (yield* ledger(about)).map((it) => [
        it.recipient,
        it.state,
        ...outcomes(it.attempts)
      ])
      expect(found.sort()).toEqual([
        ["bea@example.com", "delivered", "accepted 250"],
        ["cy@example.com", "delivered", "accepted 250"],
        ["gone@example.com", "refused", "refused 550"]
      ])
      const [received] = mail.of("bea@example.com")
      expect(received?.mail.to).toMatchObject({ text: "bea@example.com" })
      expect(received?.raw).not.toContain("cy@example.com")
    })
  )

  effect("that is greylisted comes again, one too large for the box does not", () =>
    Effect.gen(function* () {
      const about = yield* enqueue([
        yield* mailTo("grey@example.com", "full@example.com")
      ])
      yield* sendAll(3)
      const found = yield* ledger(about)
      const of = (name: string) => found.find((it) => it.recipient.startsWith(name))
      expect(of("grey")?.state).toBe("delivered")
      expect(outcomes(of("grey")?.attempts ?? [])).toEqual([
        "deferred 450",
        "deferred 450",
        "accepted 250"
      ])
      expect(of("full")).toMatchObject({
        state: "refused",
        detail: expect.stringContaining("552")
      })
    })
  )

  effect("whose server breaks off after it took it is held for a person", () =>
    Effect.gen(function* () {
      const about = yield* enqueue([yield* mailTo("drop@example.com")])
      yield* sendAll(1)
      const [delivery] = yield* ledger(about)
      expect(delivery).toMatchObject({
        state: "uncertain",
        detail: expect.stringContaining("It may have arrived")
      })
      expect(mail.of("drop@example.com").length).toBe(1)
    })
  )

  effect("can be unsubscribed from with one click, and holds to it", () =>
    Effect.gen(function* () {
      const target = yield* mailTo("dora@example.com")
      yield* enqueue([target])
      yield* sendAll(1)
      const headers = mail.of("dora@example.com").at(-1)?.mail.headers
      const list = JSON.stringify(headers?.get("list"))
      expect(list).toContain("https://reports.example.com/v1/unsubscribe/")
      expect(mail.of("dora@example.com").at(-1)?.raw).toContain(
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
      )
      yield* (yield* Deliveries).unsubscribe({
        projectId: owner.projectId,
        topic: "subscription:1",
        recipient: "dora@example.com"
      })
      const about = yield* enqueue([target])
      yield* sendAll(1)
      const [kept] = yield* ledger(about)
      expect(kept?.state).toBe("unsubscribed")
      expect(mail.of("dora@example.com").length).toBe(1)
      // Nobody overrules it, and who did it by mistake misses nothing.
      const { resend, subscribeAgain } = yield* Deliveries
      const refused = yield* Effect.flip(resend(owner.projectId, kept?.id ?? ""))
      expect(refused._tag).toBe("DeliveryUnderWay")
      yield* subscribeAgain({
        projectId: owner.projectId,
        topic: "subscription:1",
        recipient: "dora@example.com"
      })
      yield* resend(owner.projectId, kept?.id ?? "")
      yield* sendAll(1)
      expect(mail.of("dora@example.com").length).toBe(2)
    })
  )

  effect("to who is not on the list is refused where the destination is made", () =>
    Effect.gen(function* () {
      const destinations = yield* Destinations
      const addresses = ["ann@example.com", "eve@example.org", "not an address"]
      const refused = yield* Effect.flip(
        destinations.create(owner, { kind: "email", name: "All", addresses })
      )
      expect("errors" in refused ? refused.errors : []).toEqual([
        { pointer: "/addresses/1", detail: expect.stringContaining("eve@example.org") },
        { pointer: "/addresses/2", detail: expect.stringContaining("one address") }
      ])
    })
  )

  effect("keeps hostile text in its place", () =>
    Effect.gen(function* () {
      const title = "Week 12\r\nBcc: eve@example.org\0\uD800 <script>"
      const about = yield* enqueue([yield* mailTo("flo@example.com")], { title })
      yield* sendAll(1)
      expect((yield* ledger(about))[0]?.state).toBe("delivered")
      const received = mail.of("flo@example.com")[0]?.mail
      expect(received?.headers.has("bcc")).toBe(false)
      expect(received?.subject).toStartWith("Week 12 Bcc: eve@example.org")
    })
  )
})

describe("a webhook", () => {
  effect("is signed by Standard Webhooks, by two secrets while one is replaced", () =>
    Effect.gen(function* () {
      const destinations = yield* Destinations
      const url = hooks.url("/signed")
      const made = yield* destinations.create(owner, {
        kind: "webhook",
        name: "S",
        url
      })
      const { signingSecret = "" } = yield* destinations.rotate(owner, made.id)
      yield* TestClock.setTime(Date.now())
      yield* enqueue([made.id])
      yield* once
      const [request] = hooks.of("/signed")
      const headers = Object.fromEntries(request?.headers ?? [])
      const body = request?.body ?? ""
      for (const secret of [made.signingSecret ?? "", signingSecret])
        expect(new Webhook(secret).verify(body, headers)).toMatchObject({
          type: "report.sent",
          data: { title: "Week 12", details: { visitors: 1204 } }
        })
      const other = new Webhook(
        `whsec_${Buffer.from("x".repeat(32)).toString("base64")}`
      )
      expect(() => other.verify(body, headers)).toThrow()
      expect(() => new Webhook(signingSecret).verify(`${body} `, headers)).toThrow()
    }).pipe(Effect.provide(TestClock.layer()))
  )

  effect("that answers 5xx or 429 is tried again, as late as it asks", () =>
    Effect.gen(function* () {
      const failing = yield* enqueue([yield* hookAt("/503")])
      const busy = yield* enqueue([yield* hookAt("/busy")])
      const before = yield* Clock.currentTimeMillis
      yield* once
      const [delivery] = yield* ledger(busy)
      expect(delivery).toMatchObject({ state: "pending" })
      // A minute is what it would wait of its own accord.
      expect((delivery?.dueAt?.getTime() ?? 0) - before).toBe(600_000)
      yield* sendAll(8)
      const [failed] = yield* ledger(failing)
      expect(failed).toMatchObject({
        state: "refused",
        detail: expect.stringContaining("Given up after 8 attempts")
      })
      expect(new Set(outcomes(failed?.attempts ?? []))).toEqual(
        new Set(["deferred 503"])
      )
      expect(hooks.of("/503").length).toBe(8)
      // What a ledger shows of an answer is bounded.
      expect(failed?.attempts[0]?.response?.length).toBeLessThanOrEqual(1000)
    })
  )

  effect("that answers 4xx, or leads elsewhere, is refused at once", () =>
    Effect.gen(function* () {
      const gone = yield* enqueue([yield* hookAt("/410")])
      const moved = yield* enqueue([yield* hookAt("/moved")])
      yield* sendAll(2)
      expect((yield* ledger(gone))[0]).toMatchObject({ state: "refused" })
      expect(hooks.of("/410").length).toBe(1)
      expect((yield* ledger(moved))[0]?.state).toBe("refused")
      expect(hooks.of("/taken")).toEqual([])
    })
  )

  effect("may not lead inside", () =>
    Effect.gen(function* () {
      const destinations = yield* Destinations
      const refused = yield* Effect.forEach(
        [
          "https://127.0.0.1/x",
          "https://localhost/x",
          "https://[::1]/x",
          "https://169.254.169.254/latest",
          "http://example.com/x",
          "https://user:secret@example.com/x",
          "file:///etc/passwd"
        ],
        (url) =>
          Effect.flip(destinations.create(owner, { kind: "webhook", name: "x", url }))
      )
      expect(refused.map(({ _tag }) => _tag)).toEqual(
        refused.map(() => "DestinationInvalid")
      )
    })
  )
})

describe("what was sent", () => {
  effect("is sent again when somebody asks, and not while it is under way", () =>
    Effect.gen(function* () {
      const about = yield* enqueue([yield* mailTo("gil@example.com")])
      const deliveries = yield* Deliveries
      const [pending] = yield* ledger(about)
      const early = yield* Effect.flip(deliveries.resend(7, pending?.id ?? ""))
      expect(early._tag).toBe("DeliveryUnderWay")
      yield* once
      yield* deliveries.resend(7, pending?.id ?? "")
      yield* once
      const ids = mail.of("gil@example.com").map((it) => it.mail.messageId)
      expect(ids.length).toBe(2)
      // One that arrived is another message to mail systems.
      expect(new Set(ids).size).toBe(2)
      const [delivery] = yield* ledger(about)
      expect(outcomes(delivery?.attempts ?? [])).toEqual([
        "accepted 250",
        "accepted 250"
      ])
    })
  )

  effect("to a recipient of two destinations arrives once", () =>
    Effect.gen(function* () {
      const targets = [
        yield* mailTo("hal@example.com"),
        yield* mailTo("hal@example.com")
      ]
      yield* enqueue(targets)
      yield* sendAll(1)
      expect(mail.of("hal@example.com").length).toBe(1)
    })
  )
})

describe("a destination that two change at once", () => {
  effect("keeps what the first one wrote, and tells the second", () =>
    Effect.gen(function* () {
      const id = yield* mailTo("ida@example.com")
      const destinations = yield* Destinations
      const repo = yield* DestinationRepo
      const stale = yield* Effect.fromOption(yield* repo.byId(owner.projectId, id))
      yield* destinations.change(owner, id, { addresses: ["jon@example.com"] })
      const late = yield* repo.update(owner.projectId, stale, { name: "Late" })
      expect(late._tag).toBe("None")
      const kept = yield* destinations.get(owner, id)
      expect(kept).toMatchObject({
        name: "ida@example.com",
        addresses: ["jon@example.com"]
      })
    })
  )
})

describe("a mail server that takes small messages alone", () => {
  const { effect } = withLayer(deliveryTest({ smtpUrl: small.url }, objects()))

  effect("is not asked again for one that is larger", () =>
    Effect.gen(function* () {
      const about = yield* enqueue([yield* mailTo("kim@example.com")])
      yield* once
      expect((yield* ledger(about))[0]).toMatchObject({
        state: "refused",
        detail: expect.stringContaining("larger than allowed")
      })
    })
  )
})
