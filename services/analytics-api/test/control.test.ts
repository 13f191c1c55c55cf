import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { hashKey } from "@analytics/api-common/BearerKey"
import { treaty } from "@elysiajs/eden"
import { DateTime, ManagedRuntime, Redacted } from "effect"
import { makeApp } from "../src/App.ts"
import type { KeyUse } from "../src/keys/PublishedKey.ts"
import { adminKey, bearer, ControlTest, serviceKey } from "./ControlTest.ts"

const runtime = ManagedRuntime.make(ControlTest)
const app = makeApp(runtime)
/** Without `parseDate: false` Eden revives ISO strings into `Date`, against its own types. */
const api = treaty(app, { parseDate: false })
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const admin = bearer(adminKey)
const service = bearer(serviceKey)

const makeProject = async (name = "Shop") => {
  const { data, status } = await api.v1.projects.post({ name }, admin)
  if (data === null) throw new Error(`unexpected ${status}`)
  const project = api.v1.projects({ projectId: String(data.id) })
  return { ...data, api: project, secret: bearer(data.secretKey) }
}

const publishedAs = async (key: string) => {
  const { data } = await api.internal.v1.keys.lookup.post(
    { hash: hashKey(Redacted.make(key)) },
    service
  )
  return data?.key ?? null
}

/** Waits until a key is refused; its cached state may live one second longer. */
const refusal = async (ask: () => Promise<{ status: number }>): Promise<number> => {
  const { status } = await ask()
  return status === 200 ? refusal(ask) : status
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe("projects", () => {
  it("are created with the admin key and show their keys once", async () => {
    const { data, status } = await api.v1.projects.post(
      { name: "Shop", timezone: "Europe/Berlin" },
      admin
    )
    expect(status).toBe(201)
    expect(data).toEqual({
      id: expect.any(Number),
      name: "Shop",
      timezone: "Europe/Berlin",
      createdAt: expect.stringMatching(instant),
      writeKey: expect.stringMatching(/^wk_[0-9a-f]{64}$/),
      secretKey: expect.stringMatching(/^sk_[0-9a-f]{64}$/)
    })
    const shown = await api.v1.projects({ projectId: String(data?.id) }).get(admin)
    expect(JSON.stringify(shown.data)).not.toMatch(/[sw]k_/)
  })

  it("count their days in UTC unless told otherwise", async () => {
    expect((await makeProject()).timezone).toBe("UTC")
  })

  it("are listed, read and changed", async () => {
    const project = await makeProject("Before")
    const changed = await project.api.patch(
      { name: "After", timezone: "Asia/Tokyo" },
      admin
    )
    expect(changed.data).toMatchObject({ name: "After", timezone: "Asia/Tokyo" })
    expect((await project.api.patch({}, admin)).data).toEqual(changed.data)
    expect((await project.api.get(project.secret)).data).toEqual(changed.data)
    const { data } = await api.v1.projects.get(admin)
    expect(data?.projects).toContainEqual(changed.data as never)
  })

  it("tell every key about their new time zone", async () => {
    const project = await makeProject()
    expect(await publishedAs(project.writeKey)).toMatchObject({ timezone: "UTC" })
    await project.api.patch({ timezone: "Asia/Tokyo" }, admin)
    expect(await publishedAs(project.writeKey)).toMatchObject({
      timezone: "Asia/Tokyo"
    })
  })

  it("are deleted with their keys, and their row stays", async () => {
    const project = await makeProject()
    expect((await project.api.delete(undefined, admin)).status).toBe(204)
    expect((await project.api.get(admin)).status).toBe(404)
    expect((await project.api.delete(undefined, admin)).status).toBe(404)
    expect((await project.api.patch({ name: "x" }, admin)).status).toBe(404)
    expect((await project.api.keys.post({ kind: "write" }, admin)).status).toBe(404)
    expect(await publishedAs(project.writeKey)).toMatchObject({
      projectId: project.id,
      revokedAt: expect.stringMatching(instant),
      projectDeletedAt: expect.stringMatching(instant)
    })
    expect(await refusal(() => project.api.get(project.secret))).toBe(401)
  })

  it.each([
    [{ name: "" }, "/name"],
    [{ name: "a\0b" }, "/name"],
    [{}, "/name"],
    [{ name: "x", timezone: "Mars/Olympus" }, "/timezone"],
    [{ name: "x", timezone: "+02:00" }, "/timezone"],
    [{ name: "x", colour: "red" }, "/colour"]
  ])("refuse %p at %s", async (body, pointer) => {
    const { error } = await api.v1.projects.post(body as { name: string }, admin)
    expect(error?.status as number).toBe(422)
    expect(error?.value).toMatchObject({ errors: [{ pointer }] })
  })

  it.each(["0", "4294967296", "99999999999", "abc", "-1", "1.5"])(
    "have no id %s",
    async (projectId) => {
      expect((await api.v1.projects({ projectId }).get(admin)).status).toBe(422)
    }
  )
})

describe("who may do what", () => {
  it("asks for a key", async () => {
    const { error, response } = await api.v1.projects.post({ name: "x" })
    expect(response.headers.get("www-authenticate")).toBe("Bearer")
    expect(error).toMatchObject({
      status: 401,
      value: { type: "urn:analytics:problem:unauthorized", instance: "/v1/projects" }
    })
  })

  it("does not know a key that was never made", async () => {
    const project = await makeProject()
    expect((await project.api.get(bearer(`sk_${"0".repeat(64)}`))).status).toBe(401)
  })

  it("lets only the admin key create, list, change and delete projects", async () => {
    const { api: project, secret } = await makeProject()
    const refused = [
      await api.v1.projects.post({ name: "x" }, secret),
      await api.v1.projects.get(secret),
      await project.patch({ name: "x" }, secret),
      await project.delete(undefined, secret)
    ]
    expect(refused.map(({ status }) => status as number)).toEqual([403, 403, 403, 403])
  })

  it("hides one project from the keys of another", async () => {
    const [one, other] = [await makeProject(), await makeProject()]
    const { data } = await one.api.keys.get(one.secret)
    const keyId = data?.keys[0]?.id ?? ""
    const hidden = [
      await one.api.get(other.secret),
      await one.api.keys.get(other.secret),
      await one.api.keys.post({ kind: "write" }, other.secret),
      await api.v1.keys({ keyId }).rotate.post({}, other.secret),
      await api.v1.keys({ keyId }).delete(undefined, other.secret)
    ]
    expect(hidden.map(({ status }) => status as number)).toEqual([
      404, 404, 404, 404, 404
    ])
  })

  it("does not let a write key read", async () => {
    const project = await makeProject()
    const { error } = await project.api.get(bearer(project.writeKey))
    expect(error).toMatchObject({
      status: 403,
      value: { detail: expect.stringContaining("secret key") }
    })
  })

  it("lets no other key ask for keys than the service key", async () => {
    const project = await makeProject()
    for (const key of [adminKey, project.secretKey, "", "x"]) {
      const { status } = await api.internal.v1.keys.changes.post(
        { since: 0 },
        bearer(key)
      )
      expect(status as number).toBe(401)
    }
  })
})

describe("keys", () => {
  it("are created with scopes, a name and an end, and listed without the key", async () => {
    const project = await makeProject()
    const expiresAt = DateTime.makeUnsafe("2099-01-01T00:00:00.000Z")
    const { data, status } = await project.api.keys.post(
      { kind: "secret", name: "dashboard", scopes: ["query"], expiresAt },
      project.secret
    )
    expect(status).toBe(201)
    if (data === null) throw new Error("no key")
    const { key, ...listed } = data
    expect(key).toStartWith(listed.prefix)
    expect(listed).toMatchObject({
      projectId: project.id,
      kind: "secret",
      name: "dashboard",
      scopes: ["query"],
      expiresAt: "2099-01-01T00:00:00.000Z",
      revokedAt: null,
      lastUsedAt: null,
      rotatedTo: null
    })
    const list = await project.api.keys.get(admin)
    expect(list.data?.keys).toHaveLength(3)
    expect(list.data?.keys).toContainEqual(listed)
    expect(JSON.stringify(list.data)).not.toContain(key)
    // Without the scope `keys` it must not manage keys.
    const { error } = await project.api.keys.get(bearer(key))
    expect(error).toMatchObject({
      status: 403,
      value: { detail: expect.stringContaining('"keys"') }
    })
    expect((await project.api.get(bearer(key))).status).toBe(200)
  })

  it("hand out no more than they may do themselves", async () => {
    const project = await makeProject()
    const keeper = await project.api.keys.post(
      { kind: "secret", scopes: ["keys"] },
      admin
    )
    const keeping = bearer(keeper.data?.key ?? "")
    const more = await project.api.keys.post(
      { kind: "secret", scopes: ["keys", "query"] },
      keeping
    )
    expect(more.error).toMatchObject({
      status: 403,
      value: { detail: expect.stringContaining('"query"') }
    })
    const { data } = await project.api.keys.post({ kind: "secret" }, keeping)
    expect(data?.scopes).toEqual(["keys"])

    // Nor does replacing a key that may more.
    const { data: list } = await project.api.keys.get(admin)
    const powerful = list?.keys.find(({ scopes }) => scopes.includes("query"))
    const taken = await api.v1
      .keys({ keyId: powerful?.id ?? "" })
      .rotate.post({}, keeping)
    expect(taken.status as number).toBe(403)
    const own = await api.v1
      .keys({ keyId: keeper.data?.id ?? "" })
      .rotate.post({}, keeping)
    expect(own.status).toBe(201)
  })

  it("hand out none that outlives them", async () => {
    const project = await makeProject()
    const end = "2098-01-01T00:00:00.000Z"
    const { data } = await project.api.keys.post(
      { kind: "secret", expiresAt: DateTime.makeUnsafe(end) },
      admin
    )
    const ending = bearer(data?.key ?? "")
    const endOf = async (expiresAt?: string) => {
      const made = await project.api.keys.post(
        {
          kind: "write",
          ...(expiresAt ? { expiresAt: DateTime.makeUnsafe(expiresAt) } : {})
        },
        ending
      )
      return made.data?.expiresAt
    }
    expect(await endOf()).toBe(end)
    expect(await endOf("2099-01-01T00:00:00.000Z")).toBe(end)
    expect(await endOf("2097-01-01T00:00:00.000Z")).toBe("2097-01-01T00:00:00.000Z")
    const { data: list } = await project.api.keys.get(admin)
    const lasting = list?.keys.find(({ expiresAt }) => expiresAt === null)
    const taken = await api.v1
      .keys({ keyId: lasting?.id ?? "" })
      .rotate.post({}, ending)
    expect(taken.status as number).toBe(403)
  })

  it.each([
    [{ name: "a\0" }, "/name"],
    [{ expiresAt: "+099999-01-01T00:00:00.000Z" }, "/expiresAt"],
    [{ expiresAt: "-000044-03-15T00:00:00.000Z" }, "/expiresAt"]
  ])("refuse %j", async (fields, pointer) => {
    const { id } = await makeProject()
    const response = await app.handle(
      new Request(`http://localhost/v1/projects/${id}/keys`, {
        method: "POST",
        headers: { ...admin.headers, "content-type": "application/json" },
        body: JSON.stringify({ kind: "write", ...fields })
      })
    )
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ errors: [{ pointer }] })
  })

  it("refuse scopes of a write key and unknown ones", async () => {
    const { api: project } = await makeProject()
    const odd = { kind: "write", scopes: ["query"] } as { kind: "write" }
    expect((await project.keys.post(odd, admin)).error).toMatchObject({
      status: 422,
      value: { errors: [{ pointer: "/scopes" }] }
    })
    const unknown = { kind: "secret", scopes: ["everything"] } as never
    expect((await project.keys.post(unknown, admin)).status).toBe(422)
  })

  it("end when revoked", async () => {
    const project = await makeProject()
    const { data } = await project.api.keys.post({ kind: "secret" }, admin)
    const key = bearer(data?.key ?? "")
    expect((await project.api.get(key)).status).toBe(200)
    const keyId = data?.id ?? ""
    expect((await api.v1.keys({ keyId }).delete(undefined, admin)).status).toBe(204)
    expect(await refusal(() => project.api.get(key))).toBe(401)
    // Once more changes nothing.
    expect((await api.v1.keys({ keyId }).delete(undefined, admin)).status).toBe(204)
    expect((await api.v1.keys({ keyId }).rotate.post({}, admin)).status).toBe(409)
  })

  it("are replaced when rotated, at once or after the grace", async () => {
    const project = await makeProject()
    const { data } = await project.api.keys.post(
      { kind: "secret", name: "bi", scopes: ["query"] },
      admin
    )
    const old = bearer(data?.key ?? "")
    const keyId = data?.id ?? ""
    const rotated = await api.v1
      .keys({ keyId })
      .rotate.post({ gracePeriodSeconds: 3600 }, admin)
    expect(rotated.data).toMatchObject({
      kind: "secret",
      name: "bi",
      scopes: ["query"]
    })
    expect((await project.api.get(old)).status).toBe(200)
    const { data: list } = await project.api.keys.get(admin)
    const end = Date.parse(list?.keys.find(({ id }) => id === keyId)?.expiresAt ?? "")
    expect(Math.abs(end - Date.now() - 3_600_000)).toBeLessThan(10_000)

    const next = bearer(rotated.data?.key ?? "")
    expect((await project.api.get(next)).status).toBe(200)
    // A key is replaced once; a second successor would be one too many.
    expect((await api.v1.keys({ keyId }).rotate.post({}, admin)).error).toMatchObject({
      status: 409,
      value: { type: "urn:analytics:problem:key-retired", keyId }
    })
    const successor = { keyId: rotated.data?.id ?? "" }
    expect((await api.v1.keys(successor).rotate.post(null, admin)).status).toBe(201)
    expect(await refusal(() => project.api.get(next))).toBe(401)
  })

  it("are not found when nobody made them", async () => {
    const keyId = crypto.randomUUID()
    expect((await api.v1.keys({ keyId }).rotate.post({}, admin)).status).toBe(404)
    expect((await api.v1.keys({ keyId }).delete(undefined, admin)).status).toBe(404)
    expect((await api.v1.keys({ keyId: "nope" }).delete(undefined, admin)).status).toBe(
      422
    )
  })
})

describe("the key feed", () => {
  const changes = async (since: number, used: ReadonlyArray<KeyUse> = []) => {
    const { data } = await api.internal.v1.keys.changes.post({ since, used }, service)
    if (data === null) throw new Error("no changes")
    return data
  }

  it("tells of each change once, and never the key", async () => {
    const before = await changes(0)
    const project = await makeProject()
    const made = await changes(before.revision)
    expect(made.keys.map(({ kind }) => kind)).toEqual(["write", "secret"])
    expect(made.keys[0]).toEqual({
      keyId: expect.any(String),
      projectId: project.id,
      kind: "write",
      scopes: [],
      hash: hashKey(Redacted.make(project.writeKey)),
      expiresAt: null,
      revokedAt: null,
      projectDeletedAt: null,
      timezone: "UTC",
      settings: null
    })
    expect(await changes(made.revision)).toEqual({ revision: made.revision, keys: [] })
    const keyId = made.keys[0]?.keyId ?? ""
    await api.v1.keys({ keyId }).delete(undefined, admin)
    const revoked = await changes(made.revision)
    expect(revoked.keys).toMatchObject([
      { keyId, revokedAt: expect.stringMatching(instant) }
    ])
  })

  it("starts again for a reader that is ahead of the store", async () => {
    const all = await changes(0)
    expect(await changes(all.revision + 1000)).toEqual(all)
  })

  it("keeps the latest use of a key, and none from the future", async () => {
    const project = await makeProject()
    const { data } = await project.api.keys.get(admin)
    const keyId = data?.keys.find(({ kind }) => kind === "write")?.id ?? ""
    const lastUse = async (...times: ReadonlyArray<string>) => {
      await changes(
        0,
        times.map((at) => ({ keyId, at: DateTime.makeUnsafe(at) }))
      )
      const list = await project.api.keys.get(admin)
      return list.data?.keys.find(({ id }) => id === keyId)?.lastUsedAt ?? ""
    }
    const [early, late] = ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"]
    expect(await lastUse(late, early)).toBe(late)
    expect(await lastUse(early)).toBe(late)
    expect(Date.parse(await lastUse("2999-01-01T00:00:00.000Z"))).toBeLessThan(
      Date.now() + 60_000
    )
  })

  it("finds one key by its hash", async () => {
    expect(await publishedAs("wk_nobody")).toBeNull()
    const { status } = await api.internal.v1.keys.lookup.post({ hash: "zz" }, service)
    expect(status).toBe(422)
  })
})
