import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { hashKey } from "@analytics/api-common/BearerKey"
import { treaty } from "@elysiajs/eden"
import { ManagedRuntime, Redacted } from "effect"
import { makeApp } from "../../src/App.ts"
import { adminKey, bearer, ControlTest, serviceKey } from "../ControlTest.ts"

const runtime = ManagedRuntime.make(ControlTest)
const app = makeApp(runtime)
const api = treaty(app, { parseDate: false })
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const admin = bearer(adminKey)

const makeProject = async () => {
  const { data } = await api.v1.projects.post({ name: "Shop" }, admin)
  if (data === null) throw new Error("no project")
  const project = api.v1.projects({ projectId: String(data.id) })
  const adopt = (key: string, as = admin) =>
    project.keys.post({ kind: "write", key, name: "clients" }, as)
  return { ...data, adopt, keys: project.keys, secret: bearer(data.secretKey) }
}

const ownerOf = async (key: string) => {
  const { data } = await api.internal.v1.keys.lookup.post(
    { hash: hashKey(Redacted.make(key)) },
    bearer(serviceKey)
  )
  return data?.key ?? null
}

const unique = () => crypto.randomUUID().replaceAll("-", "")

describe("an adopted key", () => {
  it.each([
    // PostHog, Amplitude or Mixpanel, Umami, Plausible, Snowplow
    [`phc_${unique()}`, 9],
    [unique(), 9],
    [crypto.randomUUID(), 9],
    [`a-rather-long-name-of-a.${unique().slice(0, 8)}.shop.example.com`, 200],
    [`web-${unique().slice(0, 8)}`, 200],
    [`naïve ${unique().slice(0, 8)}`, 200]
  ])("%s is the project's", async (key, shown) => {
    const project = await makeProject()
    const { data, status } = await project.adopt(key, project.secret)
    expect(status).toBe(201)
    const prefix = key.slice(0, shown)
    expect(data).toMatchObject({ kind: "write", name: "clients", key, prefix })
    expect(await ownerOf(key)).toMatchObject({ keyId: data?.id, projectId: project.id })
    const { data: list } = await project.keys.get(admin)
    expect(list?.keys.map((each) => each.prefix)).toContain(prefix)
  })

  it.each([
    "",
    " a",
    "a ",
    "a\u0000b",
    "a\nb",
    "a\u007fb",
    "\ud800",
    "wk_1",
    "sk_1",
    "x".repeat(201)
  ])("is never %j", async (key) => {
    const project = await makeProject()
    expect((await project.adopt(key)).error).toMatchObject({
      status: 422,
      value: { errors: [{ pointer: "/key" }] }
    })
  })

  it("is no secret key", async () => {
    const project = await makeProject()
    const { error } = await project.keys.post(
      { kind: "secret", key: "x" } as { kind: "secret" },
      admin
    )
    expect(error).toMatchObject({
      status: 422,
      value: { errors: [{ pointer: "/key" }] }
    })
  })

  it("belongs to one project, and nobody hears to which", async () => {
    const [one, other] = [await makeProject(), await makeProject()]
    const key = `phc_${unique()}`
    const first = await one.adopt(key)
    for (const { error } of [
      await one.adopt(key),
      await other.adopt(key, other.secret)
    ]) {
      expect(error).toMatchObject({
        status: 409,
        value: { type: "urn:analytics:problem:key-taken" }
      })
      const said = JSON.stringify(error?.value)
      expect(said).toContain("revoke")
      expect(said).not.toContain(key)
      expect(said).not.toContain(first.data?.id ?? "no id")
    }
    expect((await ownerOf(key))?.projectId).toBe(one.id)
  })

  it("is given to one of many who ask at once", async () => {
    const project = await makeProject()
    const key = unique()
    const statuses = await Promise.all(
      Array.from({ length: 4 }, async () => (await project.adopt(key)).status as number)
    )
    expect(statuses.sort()).toEqual([201, 409, 409, 409])
  })

  it("can be taken up again when it was revoked, elsewhere by the admin alone", async () => {
    const [one, other] = [await makeProject(), await makeProject()]
    const key = `${unique().slice(0, 8)}.example.com`
    const revoke = async () =>
      api.v1.keys({ keyId: (await ownerOf(key))?.keyId ?? "" }).delete(undefined, admin)
    await one.adopt(key)
    await revoke()
    expect((await one.adopt(key, one.secret)).status).toBe(201)
    expect(await ownerOf(key)).toMatchObject({ projectId: one.id, revokedAt: null })
    await revoke()
    // Pages of the first project may still be sending with it.
    expect((await other.adopt(key, other.secret)).status as number).toBe(409)
    expect((await other.adopt(key)).status).toBe(201)
    expect(await ownerOf(key)).toMatchObject({ projectId: other.id, revokedAt: null })
    const { data } = await one.keys.get(admin)
    expect(data?.keys.filter(({ prefix }) => prefix === key)).toHaveLength(2)
  })

  it("is replaced by one that was made", async () => {
    const project = await makeProject()
    const key = unique()
    const { data } = await project.adopt(key)
    const rotated = await api.v1
      .keys({ keyId: data?.id ?? "" })
      .rotate.post({ gracePeriodSeconds: 60 }, admin)
    expect(rotated.data?.key).toMatch(/^wk_[0-9a-f]{64}$/)
    expect(rotated.data?.prefix).toMatch(/^wk_[0-9a-f]{6}$/)
    // Within its grace it still belongs to somebody.
    expect((await project.adopt(key)).status as number).toBe(409)
  })
})
