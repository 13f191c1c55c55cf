import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { rmSync } from "node:fs"
import { ManagedRuntime } from "effect"
import { folders, registryTest } from "./RegistryTest.ts"
import { clientOf, owner } from "./registryClient.ts"

setDefaultTimeout(60_000)

const places = folders()
const runtime = ManagedRuntime.make(registryTest(places))
const { api, infer, push } = clientOf(runtime)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(async () => {
  await runtime.dispose()
  rmSync(places.root, { recursive: true })
}, 60_000)

describe("a version", () => {
  const model = api.v1.models({ name: "pruned" })
  const champion = model.aliases({ alias: "champion" })
  const remove = async (version: number) =>
    (await model.versions({ version }).delete(undefined, owner)).status
  const numbers = async () =>
    (await model.versions.get({ ...owner, query: {} })).data?.versions.map(
      ({ version }) => version
    )

  it("is removed when nothing needs it, and leaves its number behind", async () => {
    for (const factor of [2, 3, 4]) await push("pruned", factor)
    await champion.put({ version: 1 }, owner)
    await champion.put({ version: 2 }, owner)

    expect(await remove(3)).toBe(204)
    expect(await remove(3)).toBe(404)
    expect(await numbers()).toEqual([2, 1])
    expect((await model.versions({ version: 3 }).get(owner)).status).toBe(404)
    const audit = await model.audit.get({ ...owner, query: {} })
    expect(audit.data?.entries[0]).toMatchObject({
      action: "version.removed",
      version: 3
    })
    await push("pruned", 5)
    expect(await numbers()).toEqual([4, 2, 1])
  })

  it("stays while an alias names it, and answers", async () => {
    const refused = await model.versions({ version: 2 }).delete(undefined, owner)
    expect([refused.status, refused.error?.value]).toEqual([
      409,
      expect.objectContaining({ type: "urn:analytics:problem:model-conflict" })
    ])
    expect(await infer("pruned")).toEqual([3, 6])
  })

  it("that is gone is not gone back to", async () => {
    expect(await remove(1)).toBe(204)
    const refused = await model.rollback.post({}, owner)
    expect([refused.status, refused.error?.value]).toEqual([
      409,
      expect.objectContaining({
        detail: "There was no other champion before version 2, or it is gone."
      })
    ])
    expect(await infer("pruned")).toEqual([3, 6])
  })
})
