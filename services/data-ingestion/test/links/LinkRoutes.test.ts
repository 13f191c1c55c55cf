import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ManagedRuntime } from "effect"
import { makeApp } from "../../src/App.ts"
import { type App, ask, bearer, ingestionWith } from "../ingestionTest.ts"
import { drain } from "../loader/faults.ts"
import { AT, receive, track } from "../loader/loaderTest.ts"

const runtime = ManagedRuntime.make(ingestionWith())
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

const post = (path: string, json: object, key = "service") =>
  ask(app, `/internal/v1/links${path}`, { json, headers: bearer(key) })

const link = {
  kind: "claim",
  from: "a",
  to: "u",
  timestamp: new Date(AT).toISOString(),
  messageId: "m1"
}

describe("/internal/v1/links", () => {
  it("tells services what ties a person, and takes a link back", async () => {
    const identify = track("m1", { y: "identify", e: "$identify", a: "a", u: "u" })
    await runtime.runPromise(receive([identify]))
    await runtime.runPromise(drain)
    const found = await post("/search", { projectId: 1, id: "u" })
    expect(found).toMatchObject({
      status: 200,
      body: { truncated: false, links: [{ ...link, undoneAt: null }] }
    })
    const undone = await post("/undo", { projectId: 1, ...link })
    expect(undone).toMatchObject({ status: 200, body: { restored: true } })
    const after = await post("/search", { projectId: 1, id: "u" })
    expect(after.body.links).toMatchObject([{ undoneAt: undone.body.undoneAt }])
  })

  it("knows no other project's links", async () => {
    const other = { projectId: 2, ...link }
    expect((await post("/undo", other)).status).toBe(404)
    const found = await post("/search", { projectId: 2, id: "u" })
    expect(found.body).toEqual({ links: [], truncated: false })
  })

  it("tells nobody else, and names what is wrong", async () => {
    for (const key of ["secret1", "admin", ""]) {
      expect((await post("/search", { projectId: 1, id: "u" }, key)).status).toBe(401)
      expect((await post("/undo", { projectId: 1, ...link }, key)).status).toBe(401)
    }
    const wrong = await post("/undo", { projectId: 1, ...link, kind: "guess" })
    expect(wrong.status).toBe(422)
    expect(wrong.body.errors).toMatchObject([{ pointer: "/kind" }])
  })
})
