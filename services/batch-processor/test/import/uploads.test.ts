import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { Effect, Layer, ManagedRuntime, Option } from "effect"
import { SqlClient } from "effect/sql"
import { uploadRoutes } from "../../src/uploads/UploadRoutes.ts"
import { Uploads } from "../../src/uploads/Uploads.ts"
import { importLayer, makeFolder } from "./importTest.ts"

const folder = makeFolder()
const auth = Layer.succeed(Auth, {
  adminOrProject: (header) =>
    header === "Bearer admin"
      ? Effect.succeed({ actor: "admin", projectId: null })
      : header === "Bearer one"
        ? Effect.succeed({ actor: "k1", projectId: 1 })
        : header === "Bearer blind"
          ? Effect.fail(new Forbidden({}))
          : Effect.fail(new Unauthorized({})),
  ofProject: () => Effect.die("uploads ask for any project")
})
const runtime = ManagedRuntime.make(Layer.merge(importLayer(folder), auth))
const app = uploadRoutes(runtime)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(async () => {
  await runtime.dispose()
  rmSync(folder.root, { recursive: true })
}, 60_000)

const send = async (
  body: ReadableStream<Uint8Array> | null,
  { key = "one", query = "" }: { key?: string; query?: string } = {}
) => {
  const response = await app.handle(
    new Request(`http://localhost/v1/uploads${query}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "text/csv" },
      body
    })
  )
  const answer = (await response.json()) as {
    readonly id: string
    readonly expiresAt: string
    readonly detail?: string
  }
  return { status: response.status, body: answer }
}

const objects = () => {
  const path = join(folder.objects, "uploads")
  return existsSync(path) ? readdirSync(path) : []
}
const unfinished = () => readdirSync(join(folder.objects, ".unfinished"))
const sql = (query: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>) =>
  runtime.runPromise(Effect.flatMap(SqlClient.SqlClient, query))
const rows = async () => {
  const found = await sql((sql) => sql`SELECT id FROM jobs.uploads`)
  return Array.isArray(found) ? found.length : -1
}

const chunks = (sizes: ReadonlyArray<number>, breaks = false) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const size of sizes) controller.enqueue(new Uint8Array(size).fill(0x61))
      if (breaks) controller.error(new Error("gone"))
      else controller.close()
    }
  })

describe("POST /v1/uploads", () => {
  it("keeps a body as it is, for its project", async () => {
    const { body, status } = await send(chunks([40_000, 20_000]))
    expect(status).toBe(201)
    expect(body).toMatchObject({
      bytes: 60_000,
      sha256: createHash("sha256").update("a".repeat(60_000)).digest("hex")
    })
    const left = Date.parse(body.expiresAt) - Date.now()
    expect(left).toBeGreaterThan(3_000_000)
    expect(objects()).toEqual([body.id])
    const uploads = await runtime.runPromise(Uploads)
    const has = async (projectId: number) =>
      Option.isSome(await runtime.runPromise(uploads.find(projectId, body.id)))
    expect([await has(1), await has(2)]).toEqual([true, false])
  })

  it("refuses more than the limit, and keeps nothing of it", async () => {
    const [kept, known] = [objects(), await rows()]
    const { body, status } = await send(chunks([40_000, 20_000, 20_000]))
    expect(status).toBe(413)
    expect(body.detail).toContain("65536 bytes")
    expect((await send(chunks([1000], true))).status).toBe(400)
    expect([objects(), await rows()]).toEqual([kept, known])
    expect(unfinished()).toEqual([])
  })

  it("is for keys that may start jobs, of one project", async () => {
    const small = () => chunks([1])
    const status = async (key: string, query = "") =>
      (await send(small(), { key, query })).status
    expect(await status("nobody")).toBe(401)
    expect(await status("blind")).toBe(403)
    expect(await status("one", "?projectId=2")).toBe(403)
    expect(await status("one", "?projectId=1")).toBe(201)
    expect(await status("admin")).toBe(422)
    expect(await status("admin", "?projectId=2")).toBe(201)
    expect((await send(null)).status).toBe(400)
  })

  it("forgets what has expired, unless a job that is open names it", async () => {
    const uploads = await runtime.runPromise(Uploads)
    const [wanted, unwanted] = [await send(chunks([1])), await send(chunks([1]))]
    await sql(
      (sql) => sql`
        INSERT INTO jobs.jobs (id, project_id, type, payload, created_by)
        VALUES (${crypto.randomUUID()}::uuid, 1, 'import',
                jsonb_build_object('source',
                  jsonb_build_object('upload', ${wanted.body.id}::text)), 'k1')`
    )
    await sql((sql) => sql`UPDATE jobs.uploads SET expires_at = now() - interval '1 s'`)
    const known = async (id: string) =>
      Option.isSome(await runtime.runPromise(uploads.find(1, id)))
    expect(await known(wanted.body.id)).toBe(true)
    expect(await known(unwanted.body.id)).toBe(false)
    await runtime.runPromise(uploads.expire)
    expect(objects()).toEqual([wanted.body.id])
    expect(await rows()).toBe(1)
  })

  it("keeps a hundred of a project at most", async () => {
    await sql(
      (sql) => sql`
        INSERT INTO jobs.uploads (id, project_id, created_by, expires_at)
        SELECT gen_random_uuid(), 1, 'k1', now() + interval '1 h'
          FROM generate_series(1, 100)`
    )
    expect((await send(chunks([1]))).status).toBe(429)
    expect(
      (await send(chunks([1]), { key: "admin", query: "?projectId=2" })).status
    ).toBe(201)
  })
})
