import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "../../src/App.ts"
import { Audit } from "../../src/audit/Audit.ts"
import { adminKey, ControlTest } from "../ControlTest.ts"

const runtime = ManagedRuntime.make(ControlTest)
const app = makeApp(runtime)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const send = (
  key: string | undefined,
  body: unknown,
  { bearer = adminKey, method = "POST", path = "/v1/projects" } = {}
) =>
  app.handle(
    new Request(`http://localhost${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(key === undefined ? {} : { "idempotency-key": key })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )

const rows = () =>
  runtime.runPromise(
    SqlClient.SqlClient.use(
      (sql) => sql<{ text: string }>`
        SELECT encode(answer, 'escape') AS text FROM control.idempotency`
    )
  )

describe("a write that is sent again", () => {
  it("gets the same answer, secrets as well, and changes nothing", async () => {
    const first = await send("one", { name: "Shop" })
    const created = (await first.json()) as { id: number; secretKey: string }
    expect(first.status).toBe(201)
    expect(first.headers.get("idempotency-replayed")).toBeNull()
    const again = await send("one", { name: "Shop" })
    expect(again.status).toBe(201)
    expect(again.headers.get("idempotency-replayed")).toBe("true")
    expect(await again.json()).toEqual(created)
    const other = await send(undefined, { name: "Shop" })
    expect(((await other.json()) as { id: number }).id).not.toBe(created.id)
    // Nothing of it can be read in the store.
    for (const { text } of await rows()) expect(text).not.toContain("sk_")
  })

  it("without an answer's body as well", async () => {
    const created = (await (await send(undefined, { name: "Gone" })).json()) as {
      id: number
    }
    const gone = { method: "DELETE", path: `/v1/projects/${created.id}` }
    expect((await send("gone", undefined, gone)).status).toBe(204)
    const again = await send("gone", undefined, gone)
    expect(again.status).toBe(204)
    expect(again.headers.get("idempotency-replayed")).toBe("true")
    expect((await send("later", undefined, gone)).status).toBe(404)
  })

  it("with another body is refused", async () => {
    expect((await send("two", { name: "A" })).status).toBe(201)
    const response = await send("two", { name: "B" })
    expect(response.status).toBe(422)
    expect(response.headers.get("content-type")).toBe("application/problem+json")
    expect((await send("x".repeat(256), { name: "B" })).status).toBe(400)
  })

  it("while the first runs happens once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => send("three", { name: "Once" }))
    )
    const statuses = answers.map(({ status }) => status)
    const fresh = answers.filter(
      ({ headers, status }) =>
        status === 201 && headers.get("idempotency-replayed") === null
    )
    expect(fresh.length).toBe(1)
    for (const status of statuses) expect([201, 409]).toContain(status)
  })

  it("is tried again when it was not even read", async () => {
    expect((await send("four", { nam: "A" })).status).toBe(422)
    expect((await send("four", { name: "A" })).status).toBe(201)
    expect((await send("five", { name: "A" }, { bearer: "unknown" })).status).toBe(403)
    expect((await send("five", { name: "A" })).status).toBe(201)
  })
})

describe("GET /v1/audit", () => {
  it("tells a project's administrator what happened there, and nothing else", async () => {
    const made = await send(undefined, { name: "Audited" })
    const { id, secretKey } = (await made.json()) as { id: number; secretKey: string }
    const path = `/v1/projects/${id}`
    const read = { method: "GET", path, bearer: secretKey }
    expect((await send(undefined, undefined, read)).status).toBe(200)
    // An entry is recorded after the answer was sent.
    const entries = async (bearer: string): Promise<ReadonlyArray<object>> => {
      await runtime.runPromise(Audit.use((audit) => audit.flush))
      const page = await send(undefined, undefined, {
        method: "GET",
        path: `/v1/audit?action=${encodeURIComponent("GET /v1/projects/:projectId")}`,
        bearer
      })
      expect(page.status).toBe(200)
      const { entries: found } = (await page.json()) as { entries: Array<object> }
      return found.length > 0 ? found : entries(bearer)
    }
    const found = await entries(secretKey)
    expect(found).toEqual([
      expect.objectContaining({ projectId: id, target: path, status: 200 })
    ])
    const other = await send(undefined, undefined, {
      method: "GET",
      path: `/v1/audit?projectId=${id + 1}`,
      bearer: secretKey
    })
    expect(other.status).toBe(404)
  })
})
