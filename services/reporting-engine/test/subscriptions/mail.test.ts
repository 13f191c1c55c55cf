import { afterAll, beforeAll, expect, it } from "bun:test"
import { Effect, ManagedRuntime } from "effect"
import { TestClock } from "effect/testing"
import { Elysia } from "elysia"
import { Sender } from "../../src/delivery/Sender.ts"
import { unsubscribeRoutes } from "../../src/delivery/unsubscribe/UnsubscribeRoutes.ts"
import { mailServer } from "../delivery/MailServer.ts"
import {
  asked,
  definition,
  lookAt,
  SubscriptionWorld,
  subscribed,
  subscriptionsIn
} from "./SubscriptionWorld.ts"

const mail = await mailServer()
const world = new SubscriptionWorld()
const runtime = ManagedRuntime.make(subscriptionsIn(world, { smtpUrl: mail.url }))
const app = new Elysia().use(unsubscribeRoutes(runtime))
let id = ""

const address = "ann@example.com"
const query = { kind: "trends", interval: "day", series: [{ measure: "total" }] }

/** Due then, made, and handed to the mail server. */
const sentAt = (due: string) => {
  world.watermark = due
  return runtime.runPromise(
    Effect.gen(function* () {
      yield* lookAt(due)
      yield* asked(id, due)
      yield* lookAt(due)
      yield* (yield* Sender).once
      // A clock of its own: the one of the layer has loops that years would turn.
    }).pipe(Effect.provide(TestClock.layer()))
  )
}
const requested = async (method: string, url: string) => {
  const { pathname } = new URL(url)
  const response = await app.handle(
    new Request(`http://localhost${pathname}`, {
      method,
      ...(method === "POST" ? { body: "List-Unsubscribe=One-Click" } : {})
    })
  )
  return response.status
}

beforeAll(async () => {
  const chart: (typeof definition.sections)[number] = {
    type: "query",
    title: "By day",
    query,
    chart: { form: "line" }
  }
  const { subscription } = await runtime.runPromise(
    subscribed(
      { formats: ["json"] },
      { kind: "email", name: "Ann", addresses: [address] },
      { ...definition, sections: [...definition.sections, chart] }
    )
  )
  id = subscription.id
}, 60_000)
afterAll(async () => {
  await runtime.dispose()
  await mail.close()
})

it("has its numbers, its charts and its files", async () => {
  await sentAt("2026-03-02T07:00:00.000Z")
  const received = mail.of(address)[0]?.mail
  expect(received?.subject).toStartWith("Orders of the week: ")
  expect(received?.text).toContain("Orders: 91")
  expect(String(received?.html)).toContain('src="data:image/png;base64,')
  // Too large for what this installation attaches, the file is a link.
  expect(received?.text).toContain(
    "orders-of-the-week-2026-03-02.json: https://reports.example.com/v1/files/7/"
  )
}, 60_000)

it("is unsubscribed from by one click, and by nobody who only looks", async () => {
  const [link = ""] =
    /https:\/\/[^/]+\/v1\/unsubscribe\/[^>\s]+/u.exec(
      mail.of(address)[0]?.mail.text ?? ""
    ) ?? []
  expect(await requested("GET", link)).toBe(200)
  await sentAt("2026-03-09T07:00:00.000Z")
  expect(mail.of(address).length).toBe(2)
  expect(await requested("POST", link)).toBe(200)
  await sentAt("2026-03-16T07:00:00.000Z")
  expect(mail.of(address).length).toBe(2)
  expect(await requested("POST", `${link}/undo`)).toBe(200)
  await sentAt("2026-03-23T07:00:00.000Z")
  expect(mail.of(address).length).toBe(3)
  expect(await requested("POST", `${link.slice(0, -2)}xx`)).toBe(404)
}, 60_000)
