import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { createHash } from "node:crypto"
import { rmSync } from "node:fs"
import { ManagedRuntime } from "effect"
import * as Models from "../support/models.ts"
import { folders, maxModelSize, registryTest } from "./RegistryTest.ts"
import { clientOf, golden, owner, tensor } from "./registryClient.ts"

setDefaultTimeout(60_000)

const places = folders()
const runtime = ManagedRuntime.make(registryTest(places))
const { api, push, send } = clientOf(runtime)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(async () => {
  await runtime.dispose()
  rmSync(places.root, { recursive: true })
}, 60_000)

const versionsOf = async (name: string) =>
  (await api.v1.models({ name }).versions.get({ ...owner, query: {} })).data?.versions

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
    const seldom = { at, kind: "outcome" }
    await one.quality.post(seldom, owner)
    for (let auc = 0; auc < 102; auc++) {
      const { error } = await one.quality.post({ at, auc }, owner)
      expect(error).toBeNull()
    }
    const { data } = await one.get(owner)
    expect([data?.quality.length, data?.quality[0]]).toEqual([101, { at, auc: 101 }])
    expect(data?.quality.at(-1)).toEqual(seldom)
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
    expect(await refused(Models.impossible)).toEqual(
      says("/artifact", /^Invalid model. Node input 'nothing' is/u)
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
