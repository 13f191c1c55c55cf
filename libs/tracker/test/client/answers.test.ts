import { expect, it } from "bun:test"
import { World } from "./World.ts"

it("sends what is told in the moment in which the last request was done", async () => {
  const world = new World()
  world.answer = () => ({ status: world.sent.length === 1 ? 400 : 200 })
  const client = world.client({
    flushAt: 1,
    onError: () => queueMicrotask(() => client.track("b", {}, { userId: "u" }))
  })
  client.track("a", {}, { userId: "u" })
  await world.pass(60_000)
  expect(client.waiting()).toBe(0)
  expect(world.events.length).toBe(2)
})

it("sends again what is not answered in time", async () => {
  const world = new World()
  world.answer = () =>
    world.sent.length === 1 ? new Promise(() => {}) : { status: 200 }
  const client = world.client({ timeout: 5000, backoff: 100 })
  client.track("a", {}, { userId: "u" })
  await world.pass(6000)
  expect(world.sent.length).toBe(1)
  await world.pass(1000)
  expect(world.sent.length).toBe(2)
  expect(client.waiting()).toBe(0)
  expect(world.timers).toBe(0)
})

it("waits for no answer when it was closed, and tells once", async () => {
  const world = new World()
  world.answer = () => new Promise(() => {})
  const client = world.client()
  client.track("a", {}, { userId: "u" })
  const closed = client.close(1000)
  await world.pass(1000)
  await closed
  await world.pass(0)
  // Else they would keep a process for as long.
  expect(world.timers).toBe(0)
  expect(world.troubles.map(({ kind }) => kind)).toEqual(["closed"])
  expect(client.dropped()).toBe(1)
})

it("takes nobody else's 200 for an answer of the service", async () => {
  const world = new World()
  world.answer = () => ({ status: 200, body: { accepted: "Sign in" } })
  const client = world.client({ retries: 2, backoff: 1 })
  client.track("a", {}, { userId: "u" })
  await world.pass(10_000)
  expect(world.sent.length).toBe(3)
  expect(world.troubles).toMatchObject([{ kind: "exhausted" }])
})
