import { afterAll, beforeAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { adminKey, bearer, owner, startReports } from "../runs/ReportsTest.ts"
import { chart, orders, ReportWorld } from "../runs/ReportWorld.ts"

// The machine may be busy with other tests.
setDefaultTimeout(60_000)

const world = new ReportWorld()
const { api, runtime } = startReports(world)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const nobody = "0198c6a8-0000-7000-8000-00000000dead"

const make = async (definition = chart(), key = "7") => {
  const { data, error } = await api.v1.reports.post({ definition }, bearer(key))
  if (data === null) throw new Error(JSON.stringify(error.value))
  return data
}

/** Where a definition is refused. */
const refusedAt = async (over: object) => {
  const { error, status } = await api.v1.reports.post(
    { definition: chart(over) },
    owner
  )
  expect(status).toBe(422)
  return JSON.parse(JSON.stringify(error?.value)).errors[0]?.pointer
}

describe("a report", () => {
  it("is made, read, changed, restored and deleted", async () => {
    const made = await make(chart({ locale: "de", timezone: "Europe/Berlin" }))
    expect(made).toMatchObject({
      name: "Week",
      version: 1,
      template: null,
      createdBy: "7",
      definition: { locale: "de", timezone: "Europe/Berlin" }
    })
    const one = api.v1.reports({ reportId: made.id })
    expect((await one.get(owner)).data).toEqual(made)
    const changed = await one.patch({ version: 1, name: "Weeks" }, owner)
    expect(changed.data).toMatchObject({ name: "Weeks", version: 2 })
    const late = await one.patch({ version: 1, name: "Mine" }, owner)
    expect(late.error?.value).toMatchObject({ status: 409, version: 2 })
    const restored = await one.restore.post({ version: 1 }, owner)
    expect(restored.data).toMatchObject({ name: "Week", version: 3 })
    const { data } = await one.versions.get(owner)
    expect(data?.versions.map(({ name, version }) => [version, name])).toEqual([
      [3, "Week"],
      [2, "Weeks"],
      [1, "Week"]
    ])
    expect((await one.delete(undefined, owner)).status).toBe(204)
    expect((await one.get(owner)).status).toBe(404)
  })

  it("changes once, however many change the same version", async () => {
    const { id } = await make()
    const one = api.v1.reports({ reportId: id })
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async (_, n) => {
        const { status } = await one.patch({ version: 1, name: `by ${n}` }, owner)
        return status
      })
    )
    expect(statuses.sort()).toEqual([200, 409, 409, 409, 409, 409])
    expect((await one.get(owner)).data?.version).toBe(2)
  })

  it("is listed page by page, and is nobody else's", async () => {
    const { id } = await make()
    await make()
    await make(chart({ title: "theirs" }), "8")
    const names: Array<string> = []
    let cursor: string | undefined
    do {
      const query = { limit: 1, ...(cursor === undefined ? {} : { cursor }) }
      const { data } = await api.v1.reports.get({ ...owner, query })
      names.push(...(data?.reports ?? []).map(({ name }) => name))
      cursor = data?.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(names.length).toBeGreaterThan(1)
    expect(names).not.toContain("theirs")
    const one = api.v1.reports({ reportId: id })
    const stranger = bearer("8")
    for (const { status } of [
      await one.get(stranger),
      await one.patch({ version: 1, name: "mine" }, stranger),
      await one.versions.get(stranger),
      await one.restore.post({ version: 1 }, stranger),
      await one.render.post({}, stranger),
      await one.delete(undefined, stranger)
    ])
      expect(status).toBe(404)
  })

  it("is changed by keys with the scope reports, and read with query too", async () => {
    const { id } = await make()
    const one = api.v1.reports({ reportId: id })
    const reader = bearer("reader")
    expect((await one.get(reader)).status).toBe(200)
    expect((await one.render.post({}, reader)).status).toBe(403)
    expect((await one.patch({ version: 1, name: "n" }, reader)).status).toBe(403)
    expect((await one.get(bearer("other"))).status).toBe(403)
    expect((await one.get(bearer("unknown"))).status).toBe(401)
    expect((await one.get(bearer(adminKey))).status).toBe(422)
    const admin = { ...bearer(adminKey), query: { projectId: 7 } }
    expect((await one.get(admin)).status).toBe(200)
  })
})

describe("a definition is refused with the field that is wrong", () => {
  const markdown = { type: "markdown", text: "x" }
  const wrong: ReadonlyArray<readonly [string, object, string]> = [
    ["time zone", { timezone: "Europe/Nowhere" }, "/definition/timezone"],
    ["fixed offset", { timezone: "+02:00" }, "/definition/timezone"],
    ["locale", { locale: "not a locale" }, "/definition/locale"],
    ["no sections", { sections: [] }, "/definition/sections"],
    [
      "too many sections",
      { sections: Array(101).fill(markdown) },
      "/definition/sections"
    ],
    [
      "too much text",
      { sections: Array(6).fill({ ...markdown, text: "x".repeat(99_000) }) },
      "/definition"
    ],
    ["U+0000", { title: "a\u0000b" }, "/definition/title"],
    [
      "U+0000 in a query",
      {
        sections: [
          {
            type: "table",
            title: "T",
            query: { kind: "trends", series: [{ event: "a\u0000b" }] }
          }
        ]
      },
      "/definition/sections/0/query/series/0/event"
    ],
    [
      "half a character in a filter",
      { filters: [{ property: "plan", op: "is", value: "\ud800" }] },
      "/definition/filters/0/value"
    ],
    ["half a character", { title: "a\ud800" }, "/definition/title"],
    ["range", { range: "last_moon" }, "/definition/range"],
    [
      "unknown insight",
      { sections: [{ type: "insight", insight: nobody }] },
      "/definition/sections/0/insight"
    ],
    [
      "unknown insight of a number",
      {
        sections: [
          markdown,
          { type: "metrics", metrics: [{ title: "N", insight: nobody }] }
        ]
      },
      "/definition/sections/1/metrics/0/insight"
    ],
    [
      "parameter twice",
      {
        parameters: [
          { name: "a", type: "text", default: "" },
          { name: "a", type: "text", default: "" }
        ]
      },
      "/definition/parameters/1/name"
    ],
    [
      "parameter that is nowhere declared",
      { filters: [{ property: "plan", op: "is", value: { $parameter: "plan" } }] },
      "/definition/filters/0/value"
    ],
    [
      "default of another type",
      { parameters: [{ name: "n", type: "number", default: "five" }] },
      "/definition/parameters/n/default"
    ]
  ]
  for (const [name, over, pointer] of wrong)
    it(name, async () => {
      expect(await refusedAt(over)).toStartWith(pointer)
    })

  it("and no other, whatever else could have been sent", async () => {
    const ask = async (body: object) => {
      const { error, status } = await api.v1.reports.post({ ...body }, owner)
      expect(status).toBe(422)
      return JSON.parse(JSON.stringify(error?.value)).errors.map(
        ({ pointer }: { pointer: string }) => pointer
      )
    }
    const sections = [{ type: "query", title: "Q", query: {}, colour: "red" }]
    expect(await ask({ definition: chart({ sections }) })).toEqual([
      "/definition/sections/0/colour"
    ])
    expect(await ask({})).toEqual(["/definition"])
    expect(await ask({ definition: chart(), template: "revenue" })).toEqual([
      "/definition"
    ])
    expect(await ask({ definition: chart(), parameters: {} })).toEqual(["/parameters"])
  })

  it("and with an insight that is there it is made", async () => {
    const sections = [{ type: "insight" as const, insight: orders.id }]
    expect((await make(chart({ sections }))).version).toBe(1)
  })

  it("while insights cannot be asked it is neither made nor refused", async () => {
    world.isAway = true
    const sections = [{ type: "insight" as const, insight: orders.id }]
    const { status } = await api.v1.reports.post(
      { definition: chart({ sections }) },
      owner
    )
    world.isAway = false
    expect(status).toBe(503)
  })
})

describe("templates", () => {
  it("become reports as they fit the project", async () => {
    const { data } = await api.v1["report-templates"].get(owner)
    const ids = data?.templates.map(({ id }) => id) ?? []
    expect(ids).toEqual(["weekly-product", "revenue", "retention", "data-quality"])
    for (const template of ids) {
      const made = await api.v1.reports.post({ template }, owner)
      expect(made.data).toMatchObject({ template, version: 1 })
    }
    const named = { event: "Order", currency: "EUR", title: "Money" }
    const made = await api.v1.reports.post(
      { template: "revenue", parameters: named },
      owner
    )
    expect(made.data?.name).toBe("Money")
    expect(JSON.stringify(made.data?.definition)).toContain('"unit":"EUR"')
  })

  it("say what they do not know", async () => {
    const ask = async (template: string, parameters: object) => {
      const { error } = await api.v1.reports.post(
        { template, parameters: { ...parameters } },
        owner
      )
      return JSON.parse(JSON.stringify(error?.value)).errors[0].pointer
    }
    expect(await ask("none", {})).toBe("/template")
    expect(await ask("revenue", { colour: "red" })).toBe("/parameters/colour")
    expect(await ask("revenue", { currency: "euro" })).toBe("/parameters/currency")
    expect(await ask("revenue", { property: 5 })).toBe("/parameters/property")
    expect(await ask("revenue", { title: "x".repeat(201) })).toBe("/parameters/title")
    expect(await ask("revenue", { timezone: "Nowhere" })).toBe("/parameters/timezone")
    expect(await ask("revenue", { locale: "no locale" })).toBe("/parameters/locale")
    expect(await ask("revenue", { event: "a\u0000b" })).toBe("/parameters/event")
    expect(await ask("retention", { interval: "year" })).toBe("/parameters/interval")
    expect(await ask("retention", { range: "last_moon" })).toBe(
      "/definition/parameters/range/default"
    )
  })
})
