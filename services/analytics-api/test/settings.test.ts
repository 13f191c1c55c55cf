import { afterAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { defaultSettings } from "@analytics/analytics-core/settings/ProjectSettings"
import { Effect, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "../src/App.ts"
import { KeyFeedRepo } from "../src/keys/KeyFeedRepo.ts"
import { removeLeftovers } from "../src/projects/DeletedProjects.ts"
import { adminKey, ControlTest } from "./ControlTest.ts"

setDefaultTimeout(60_000)

const runtime = ManagedRuntime.make(ControlTest)
afterAll(() => runtime.dispose(), 60_000)

const ask = async (method: string, path: string, key: string, body?: unknown) => {
  const response = await makeApp(runtime).handle(
    new Request(`http://localhost${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )
  const text = await response.text()
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) }
}

const makeProject = async () =>
  (await ask("POST", "/v1/projects", adminKey, { name: "Shop" })).body
const pathOf = ({ id }: { id: number }) => `/v1/projects/${id}/settings`

describe("settings of a project", () => {
  it("are the defaults until somebody changes them, section by section", async () => {
    const project = await makeProject()
    const path = pathOf(project)
    const before = await ask("GET", path, project.secretKey)
    expect(before.body).toEqual({ ...defaultSettings, updatedAt: null })

    const changed = await ask("PATCH", path, project.secretKey, {
      ip: "hash",
      exclusions: { hosts: ["localhost"] },
      limits: { monthlyEvents: 1000 }
    })
    expect(changed.status).toBe(200)
    const more = await ask("PATCH", path, adminKey, {
      exclusions: { paths: ["/admin/**"] },
      limits: null
    })
    expect(more.body).toMatchObject({
      ip: "hash",
      exclusions: {
        ...defaultSettings.exclusions,
        hosts: ["localhost"],
        paths: ["/admin/**"]
      },
      limits: defaultSettings.limits,
      updatedAt: expect.stringMatching(/^\d{4}-/)
    })
    expect((await ask("GET", path, adminKey)).body).toEqual(more.body)
  })

  it("reach every key of the project with a new revision, and no other", async () => {
    const project = await makeProject()
    const other = await makeProject()
    const feed = (since: number) =>
      runtime.runPromise(KeyFeedRepo.use((repo) => repo.changedSince(since, 5000)))
    const { keys, revision } = await feed(0)
    expect(
      keys.every(
        ({ projectId, settings }) => projectId !== other.id || settings === null
      )
    ).toBe(true)
    await ask("PATCH", pathOf(project), adminKey, { ip: "drop" })
    const changed = await feed(revision)
    expect(
      changed.keys.map(({ kind, projectId }) => [projectId, kind]).toSorted()
    ).toEqual([
      [project.id, "secret"],
      [project.id, "write"]
    ])
    for (const { settings } of changed.keys)
      expect(JSON.parse(settings ?? "")).toEqual({ ...defaultSettings, ip: "drop" })
  })

  it("come in pages of bounded size, and none is left out", async () => {
    const large = {
      schema: {
        events: Object.fromEntries(
          Array.from({ length: 400 }, (_, i) => [`event ${i} ${"x".repeat(55)}`, {}])
        )
      }
    }
    const sql = await runtime.runPromise(SqlClient.SqlClient)
    const project = await makeProject()
    await ask("PATCH", pathOf(project), adminKey, large)
    await runtime.runPromise(sql`
      INSERT INTO control.keys (project_id, kind, prefix, hash, revision)
      SELECT ${BigInt(project.id)}, 'write', 'wk_', sha256(n::text::bytea), r.revision + n
        FROM generate_series(1, 300) AS n, control.key_revision AS r`)
    await runtime.runPromise(
      sql`UPDATE control.key_revision SET revision = revision + 300`
    )
    const seen = new Set<string>()
    let revision = 0
    let pages = 0
    for (;;) {
      const page = await runtime.runPromise(
        KeyFeedRepo.use((repo) => repo.changedSince(revision, 5000))
      )
      if (page.keys.length === 0) break
      pages++
      const bytes = page.keys.reduce((sum, key) => sum + (key.settings?.length ?? 0), 0)
      expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024)
      for (const { keyId } of page.keys) seen.add(keyId)
      revision = page.revision
    }
    expect(pages).toBeGreaterThan(1)
    const [count] = await runtime.runPromise(
      sql<{ n: bigint }>`SELECT count(*) AS n FROM control.keys`
    )
    expect(BigInt(seen.size)).toBe(count?.n ?? 0n)
  })

  it.each([
    ["/ip", { ip: "shorten" }],
    ["/exclusions/addresses/1", { exclusions: { addresses: ["10.0.0.0/8", "10/8"] } }],
    ["/exclusions/hosts/0", { exclusions: { hosts: [""] } }],
    ["/consent/doNotTrack", { consent: { doNotTrack: true } }],
    ["/limits/eventsPerSecond", { limits: { eventsPerSecond: 0 } }],
    [
      "/schema/events/bought/properties/revenue",
      { schema: { events: { bought: { properties: { revenue: "money" } } } } }
    ],
    ["/colour", { colour: "red" }],
    ["/exclusions/colour", { exclusions: { colour: [] } }]
  ])("name what is wrong: %s", async (pointer, patch) => {
    const project = await makeProject()
    const { body, status } = await ask("PATCH", pathOf(project), adminKey, patch)
    expect(status).toBe(422)
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(
      pointer
    )
    expect((await ask("GET", pathOf(project), adminKey)).body.updatedAt).toBeNull()
  })

  it("have a size as a whole", async () => {
    const project = await makeProject()
    const events = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`${i}${"n".repeat(80)}`, {}])
    )
    const { body, status } = await ask("PATCH", pathOf(project), adminKey, {
      schema: { events }
    })
    expect(status).toBe(422)
    expect(body).toMatchObject({
      type: "urn:analytics:problem:settings-too-large",
      errors: [{ pointer: "/schema", detail: expect.stringContaining("32768") }]
    })
  })

  it("are for the admin key, and the project's own secret keys with the scope", async () => {
    const [project, other] = [await makeProject(), await makeProject()]
    const path = pathOf(project)
    const status = async (method: string, key: string) =>
      (await ask(method, path, key, method === "PATCH" ? { ip: "keep" } : undefined))
        .status
    for (const method of ["GET", "PATCH"]) {
      expect(await status(method, project.writeKey)).toBe(403)
      expect(await status(method, other.secretKey)).toBe(404)
      expect(await status(method, "nobody")).toBe(401)
    }
    const { body: issued } = await ask(
      "POST",
      `/v1/projects/${project.id}/keys`,
      adminKey,
      {
        kind: "secret",
        scopes: ["query"]
      }
    )
    expect(await status("GET", issued.key)).toBe(200)
    expect(await status("PATCH", issued.key)).toBe(403)
    expect((await ask("GET", pathOf({ id: 4_000_000_000 }), adminKey)).status).toBe(404)
  })

  it("end with the project, and so does all else that is kept of it", async () => {
    const [project, other] = [await makeProject(), await makeProject()]
    for (const each of [project, other])
      await ask("PATCH", pathOf(each), adminKey, { ip: "keep" })
    expect((await ask("DELETE", `/v1/projects/${project.id}`, adminKey)).status).toBe(
      204
    )
    expect((await ask("GET", pathOf(project), adminKey)).status).toBe(404)
    expect((await ask("PATCH", pathOf(project), adminKey, { ip: "drop" })).status).toBe(
      404
    )
    // As a task in the background would, that had not heard of it.
    const left = await runtime.runPromise(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        for (const { id } of [project, other])
          yield* sql`
            INSERT INTO control.project_settings (project_id, settings)
            VALUES (${BigInt(id)}, '{}') ON CONFLICT DO NOTHING`
        yield* removeLeftovers
        return yield* sql<{ projectId: bigint }>`
          SELECT project_id FROM control.project_settings
           WHERE project_id = ANY(${[project.id, other.id].map(BigInt)}::bigint[])`
      })
    )
    expect(left.map(({ projectId }) => Number(projectId))).toEqual([other.id])
  })
})
