import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { rmSync } from "node:fs"
import { ManagedRuntime } from "effect"
import { folders, registryTest } from "./RegistryTest.ts"
import { as, clientOf, owner } from "./registryClient.ts"

setDefaultTimeout(60_000)

const places = folders()
const runtime = ManagedRuntime.make(registryTest(places))
const { api, app, infer, push } = clientOf(runtime)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(async () => {
  await runtime.dispose()
  rmSync(places.root, { recursive: true })
}, 60_000)

const auditOf = async (name: string) =>
  (await api.v1.models({ name }).audit.get({ ...owner, query: {} })).data?.entries.map(
    ({ action, actor, details, version }) => ({ action, actor, details, version })
  )

describe("aliases", () => {
  const set = (name: string, version: number, expected?: number | null) =>
    api.v1
      .models({ name })
      .aliases({ alias: "champion" })
      .put({ version, ...(expected === undefined ? {} : { expected }) }, owner)

  it("are compared and set, rolled back, and change who answers", async () => {
    for (const factor of [2, 3, 4]) await push("swapped", factor)
    const model = api.v1.models({ name: "swapped" })
    expect(await infer("swapped")).toBe(404)

    expect((await set("swapped", 1, null)).data?.aliases).toEqual({ champion: 1 })
    expect(await infer("swapped")).toEqual([2, 4])
    const moved = await set("swapped", 2, null)
    expect([moved.status, moved.error?.value]).toEqual([
      409,
      expect.objectContaining({
        type: "urn:analytics:problem:alias-moved",
        version: 1,
        detail: "The champion is version 1 now."
      })
    ])
    expect((await set("swapped", 9)).status).toBe(404)
    expect((await set("swapped", 2, 1)).data?.aliases).toEqual({ champion: 2 })
    expect((await set("swapped", 3)).data?.aliases).toEqual({ champion: 3 })
    expect(await infer("swapped")).toEqual([4, 8])

    expect((await model.rollback.post({}, owner)).data?.aliases).toEqual({
      champion: 2
    })
    expect(await infer("swapped")).toEqual([3, 6])
    expect((await model.rollback.post({}, owner)).data?.aliases).toEqual({
      champion: 1
    })
    expect((await model.rollback.post({}, owner)).status).toBe(409)

    const alias = model.aliases({ alias: "champion" })
    const removal = { ...owner, query: { expected: 3 } }
    expect((await alias.delete({}, removal)).status).toBe(409)
    expect((await alias.delete({}, owner)).data?.aliases).toEqual({})
    expect((await alias.delete({}, owner)).status).toBe(409)
    expect((await auditOf("swapped"))?.slice(0, 4)).toEqual([
      {
        action: "alias.removed",
        actor: "key-of-1",
        version: 1,
        details: { alias: "champion", from: 1, to: null }
      },
      {
        action: "alias.rolled_back",
        actor: "key-of-1",
        version: 1,
        details: { alias: "champion", from: 2, to: 1 }
      },
      {
        action: "alias.rolled_back",
        actor: "key-of-1",
        version: 2,
        details: { alias: "champion", from: 3, to: 2 }
      },
      {
        action: "alias.set",
        actor: "key-of-1",
        version: 3,
        details: { alias: "champion", from: 2, to: 3 }
      }
    ])
  })
})

describe("a large body", () => {
  const post = (key: string) => {
    const count = 2 ** 21 + 1
    const x = `{"name":"x","datatype":"FP64","shape":[${count}],"data":[0${",0".repeat(count - 1)}]}`
    const body = `{"artifact":"${"0".repeat(64)}","golden":{"inputs":[${x}],"outputs":[${x}]}}`
    const { headers } = as(key)
    const init = { method: "POST", headers, body }
    return app.handle(new Request("http://localhost/v1/models/large/versions", init))
  }

  it("is read from who may send it, and golden rows are bounded", async () => {
    const refused = await post("sk_1")
    expect(refused.status).toBe(422)
    expect(await refused.json()).toMatchObject({ errors: [{ pointer: "/golden" }] })
    expect((await post("sk_unknown")).status).toBe(413)
  })
})

describe("a model", () => {
  it("is of its project alone", async () => {
    await push("mine", 2)
    const theirs = api.v1.models({ name: "mine" })
    const stranger = as("sk_2")
    const answers = await Promise.all([
      theirs.get(stranger),
      theirs.patch({ description: "theirs" }, stranger),
      theirs.delete({}, stranger),
      theirs.audit.get({ ...stranger, query: {} }),
      theirs.versions.get({ ...stranger, query: {} }),
      theirs.versions({ version: "1" }).get(stranger),
      theirs.rollback.post({}, stranger),
      theirs.aliases({ alias: "shadow" }).put({ version: 1 }, stranger),
      theirs.aliases({ alias: "shadow" }).delete({}, stranger)
    ])
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404))
    const list = await api.v1.models.get({ ...stranger, query: {} })
    expect(list.data?.models.map(({ name }) => name)).not.toContain("mine")
  })

  it("is described, listed in pages, and removed; its numbers are not given again", async () => {
    const key = as("sk_3")
    for (const name of ["c", "a", "b"]) await api.v1.models.post({ name }, key)
    expect((await api.v1.models.post({ name: "a" }, key)).status).toBe(409)
    expect((await api.v1.models.post({ name: "A" }, key)).status).toBe(422)
    for (const description of ["\0", "\ud800"]) {
      expect((await api.v1.models.post({ name: "d", description }, key)).status).toBe(
        422
      )
      const change = api.v1.models({ name: "a" }).patch({ description }, key)
      expect((await change).status).toBe(422)
    }
    const nowhere = await api.v1.models.get({ ...key, query: { cursor: "\0" } })
    expect(nowhere.status).toBe(422)
    const first = await api.v1.models.get({ ...key, query: { limit: 2 } })
    expect(first.data?.models.map(({ name }) => name)).toEqual(["a", "b"])
    const cursor = first.data?.nextCursor ?? ""
    const second = await api.v1.models.get({ ...key, query: { limit: 2, cursor } })
    expect(second.data?.models.map(({ name }) => name)).toEqual(["c"])
    expect(second.data?.nextCursor).toBeNull()

    const a = api.v1.models({ name: "a" })
    const changed = await a.patch({ challengerPercent: 10 }, key)
    expect(changed.data).toMatchObject({ description: "", challengerPercent: 10 })
    expect((await a.patch({ challengerPercent: 101 }, key)).status).toBe(422)

    expect((await push("a", 2, "sk_3")).data?.version).toBe(1)
    expect((await a.delete({}, key)).status).toBe(204)
    expect((await a.get(key)).status).toBe(404)
    expect((await push("a", 2, "sk_3")).data?.version).toBe(2)
    const audit = await a.audit.get({ ...key, query: { limit: 1 } })
    expect(audit.data?.entries.map(({ action }) => action)).toEqual(["version.created"])
    expect(audit.data?.nextCursor).not.toBeNull()
  })
})
