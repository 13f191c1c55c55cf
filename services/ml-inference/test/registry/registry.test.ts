import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { createHash } from "node:crypto"
import { rmSync } from "node:fs"
import { treaty } from "@elysiajs/eden"
import { ManagedRuntime } from "effect"
import { makeApp } from "../../src/App.ts"
import * as Models from "../support/models.ts"
import { folders, maxModelSize, registryTest } from "./RegistryTest.ts"

setDefaultTimeout(60_000)

const places = folders()
const runtime = ManagedRuntime.make(registryTest(places))
const app = makeApp(runtime)
const api = treaty(app, { parseDate: false })
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(async () => {
  await runtime.dispose()
  rmSync(places.root, { recursive: true })
}, 60_000)

const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
const owner = as("sk_1")

const send = async (file: Uint8Array | null, key = "sk_1", query = "") => {
  const response = await app.handle(
    new Request(`http://localhost/v1/artifacts${query}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${key}` },
      body: file === null ? null : Uint8Array.from(file)
    })
  )
  const body = (await response.json()) as { sha256: string; bytes: number }
  return { status: response.status, body }
}

const tensor = (name: string, data: ReadonlyArray<number>) => ({
  name,
  datatype: "FP32",
  shape: [data.length / 2, 2],
  data: [...data]
})
const golden = (factor: number) => ({
  inputs: [tensor("x", [1, 2, 3, 4])] as [object],
  outputs: [
    tensor(
      "y",
      [1, 2, 3, 4].map((it) => it * factor)
    )
  ] as [object]
})

/** A version of a model that multiplies by `factor`. */
const push = async (name: string, factor: number, key = "sk_1") => {
  const { body } = await send(Models.times(factor), key)
  return api.v1
    .models({ name })
    .versions.post({ artifact: body.sha256, golden: golden(factor) as never }, as(key))
}

const infer = async (name: string, key = "sk_1") => {
  const response = await app.handle(
    new Request(`http://localhost/v2/models/${name}/infer`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ inputs: [tensor("x", [1, 2])] })
    })
  )
  const body = (await response.json()) as {
    readonly outputs?: ReadonlyArray<{ readonly data: ReadonlyArray<number> }>
  }
  return body.outputs?.[0]?.data ?? response.status
}

const versionsOf = async (name: string) =>
  (await api.v1.models({ name }).versions.get({ ...owner, query: {} })).data?.versions
const auditOf = async (name: string) =>
  (await api.v1.models({ name }).audit.get({ ...owner, query: {} })).data?.entries.map(
    ({ action, actor, details, version }) => ({ action, actor, details, version })
  )

describe("artifacts", () => {
  it("are named by what is in them, and kept once", async () => {
    const file = Models.times(2)
    const sha256 = createHash("sha256").update(file).digest("hex")
    const sent = { status: 200, body: { sha256, bytes: file.length } }
    expect(await send(file)).toEqual(sent)
    expect(await send(file)).toEqual(sent)
    expect(await send(file, "admin", "?projectId=2")).toEqual(sent)
    const stored = Bun.file(`${places.objects}/models/${sha256}.onnx`)
    expect(await stored.bytes()).toEqual(Uint8Array.from(file))
  })

  it("are refused when they are too large, or nothing", async () => {
    const large = await send(new Uint8Array(maxModelSize + 1))
    expect([large.status, (await send(null)).status]).toEqual([413, 400])
  })

  it.each([
    ["sk_reads", "", 403],
    ["sk_other", "", 403],
    ["wk_1", "", 403],
    ["sk_1", "?projectId=2", 403],
    ["sk_expired", "", 401],
    ["sk_deleted", "", 401],
    ["sk_unknown", "", 401],
    ["admin", "", 422],
    ["sk_away", "", 503]
  ])("are asked for by %s%s: %i", async (key, query, status) => {
    expect((await send(Models.times(2), key, query)).status).toBe(status)
  })
})

describe("a version", () => {
  it("is made of a file, answers as it did then, and says all that is known of it", async () => {
    const { data, status } = await push("double", 2)
    expect(status).toBe(201)
    expect(data).toMatchObject({
      model: "double",
      version: 1,
      bytes: Models.times(2).length,
      signature: {
        inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
        outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }]
      },
      hasGolden: true,
      tolerance: 1e-5,
      settings: {
        batching: { maxRows: 256, window: 0, queueRows: 1000 },
        limits: { memory: 1024 ** 3, loadTime: 20_000, runTime: 5000 },
        instances: 1
      },
      aliases: [],
      loaded: false,
      createdBy: "key-of-1",
      quality: []
    })
    expect(data?.inspection.operators).toEqual([
      { domain: "ai.onnx", type: "Mul", count: 1 }
    ])
    const again = await push("double", 2)
    expect(again.data?.version).toBe(2)
    expect((await versionsOf("double"))?.map(({ version }) => version)).toEqual([2, 1])
    const one = api.v1.models({ name: "double" }).versions({ version: "1" })
    expect((await one.get(owner)).data).toEqual(data)
  })

  it("keeps what was measured of it, newest first", async () => {
    await push("measured", 2)
    const one = api.v1.models({ name: "measured" }).versions({ version: "1" })
    const at = "2026-01-01T00:00:00.000Z"
    for (let auc = 0; auc < 102; auc++) {
      const { error } = await one.quality.post({ at, auc }, owner)
      expect(error).toBeNull()
    }
    const { data } = await one.get(owner)
    expect([data?.quality.length, data?.quality[0]]).toEqual([100, { at, auc: 101 }])
    const missing = api.v1.models({ name: "measured" }).versions({ version: "2" })
    expect((await missing.quality.post({ at }, owner)).status).toBe(404)
  })
})

describe("admission", () => {
  const refused = async (file: Uint8Array, more: object = {}) => {
    const { body } = await send(file)
    const { error, status } = await api.v1
      .models({ name: "refused" })
      .versions.post({ artifact: body.sha256, ...more } as never, owner)
    const value = error?.value
    const errors = value && "errors" in value ? value.errors : undefined
    const answer: ReadonlyArray<unknown> = [
      status,
      errors?.[0]?.pointer,
      errors?.[0]?.detail
    ]
    return answer
  }
  const says = (pointer: string, detail: RegExp) => [
    422,
    pointer,
    expect.stringMatching(detail)
  ]

  it("says what is wrong with a file, and leaves nothing behind", async () => {
    expect(await refused(new TextEncoder().encode("not a model"))).toEqual(
      says("/artifact", /./u)
    )
    expect(await refused(Models.times(2).subarray(0, 60))).toEqual(
      says("/artifact", /./u)
    )
    expect(await refused(Models.times(2), { golden: golden(3) })).toEqual(
      says("/golden", /has 2 where 3 is expected/u)
    )
    const terabytes = { golden: { ...golden(1), inputs: [tensor("x", [0, 0, 0, 0])] } }
    expect(await refused(Models.terabytes, terabytes)).toEqual(
      says("/artifact", /makes a tensor of 1000000000000 elements/u)
    )
    expect(await refused(Models.times(2), { limits: { runTime: 60_000 } })).toEqual(
      says("/limits/runTime", /5000 at most/u)
    )
    expect(await refused(Models.times(2), { instances: 3 })).toEqual(
      says("/instances", /2 at most/u)
    )
    const bad = { ...golden(2), inputs: [{ name: "x", datatype: "FP33", shape: [1] }] }
    expect(await refused(Models.times(2), { golden: bad })).toEqual(
      says("/golden/inputs/0", /datatype must be one of/u)
    )
    expect(await refused(Models.times(2), { metrics: { a: "\0" } })).toEqual(
      says("/metrics/a", /NUL/u)
    )
    const fixed = Models.identity("float", [1, 2])
    expect(await refused(fixed, { batching: { maxRows: 8 } })).toEqual(
      says("/batching/maxRows", /first dimension/u)
    )
    expect((await api.v1.models({ name: "refused" }).get(owner)).status).toBe(404)
  })

  it("takes only files that the project has", async () => {
    const { body } = await send(Models.times(77), "sk_2")
    const { error } = await api.v1
      .models({ name: "refused" })
      .versions.post({ artifact: body.sha256 }, owner)
    expect(error?.status).toBe(422)
  })
})

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
