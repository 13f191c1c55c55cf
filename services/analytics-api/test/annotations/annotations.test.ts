import { afterAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { service, startInsights, unknownId } from "../insights/insightsTest.ts"

setDefaultTimeout(60_000)

const { api, makeProject, stop } = startInsights()
const annotations = api.v1.annotations
afterAll(stop)

type Project = Awaited<ReturnType<typeof makeProject>>

const note = async (project: Project, at: string, until?: string) => {
  const { data, error } = await annotations.post(
    { at: `${at}Z`, text: at, ...(until === undefined ? {} : { until: `${until}Z` }) },
    project.own
  )
  if (data === null) throw new Error(JSON.stringify(error.value))
  return data
}

const texts = async (project: Project, query: { from?: string; to?: string }) =>
  (await annotations.get({ ...project.own, query })).data?.annotations.map(
    ({ text }) => text
  )

describe("annotations", () => {
  it("say what was noted, by whom, until they are changed or deleted", async () => {
    const project = await makeProject()
    const { data, status } = await annotations.post(
      {
        at: "2025-03-01T10:00:00+01:00",
        until: "2025-03-02T00:00:00Z",
        text: "Sale",
        mutesAlerts: true
      },
      project.own
    )
    expect(status).toBe(201)
    expect(data).toMatchObject({
      at: "2025-03-01T09:00:00.000Z",
      until: "2025-03-02T00:00:00.000Z",
      text: "Sale",
      mutesAlerts: true,
      createdBy: data?.updatedBy ?? ""
    })
    const at = annotations({ annotationId: data?.id ?? "" })
    const changed = await at.patch({ text: "Big sale" }, project.own)
    expect(changed.data).toMatchObject({
      text: "Big sale",
      until: "2025-03-02T00:00:00.000Z",
      mutesAlerts: true
    })
    const moment = await at.patch({ until: null, mutesAlerts: false }, project.own)
    expect(moment.data).toMatchObject({ until: null, mutesAlerts: false })
    expect((await at.delete(undefined, project.own)).status).toBe(204)
    expect((await at.delete(undefined, project.own)).status).toBe(404)
    expect((await at.patch({ text: "x" }, project.own)).status).toBe(404)
  })

  it("end after they begin", async () => {
    const project = await makeProject()
    const pointers = (answer: { readonly error: unknown }) =>
      Object(answer.error).value.errors.map(
        ({ pointer }: { readonly pointer: string }) => pointer
      )
    const at = "2025-03-01T00:00:00Z"
    const made = await annotations.post({ at, until: at, text: "a" }, project.own)
    expect(pointers(made)).toEqual(["/until"])
    const { id } = await note(project, "2025-03-01T00:00:00", "2025-03-02T00:00:00")
    const noted = annotations({ annotationId: id })
    expect(pointers(await noted.patch({ until: at }, project.own))).toEqual(["/until"])
    const later = { at: "2025-03-03T00:00:00Z" }
    expect(pointers(await noted.patch(later, project.own))).toEqual(["/at"])
    const empty = await annotations.post({ at, text: "" }, project.own)
    expect(pointers(empty)).toEqual(["/text"])
  })

  it("of a range are those that touch it", async () => {
    const project = await makeProject()
    await note(project, "2025-03-01T00:00:00")
    await note(project, "2025-03-02T00:00:00", "2025-03-05T00:00:00")
    await note(project, "2025-03-04T00:00:00")
    const all = ["2025-03-01T00:00:00", "2025-03-02T00:00:00", "2025-03-04T00:00:00"]
    expect(await texts(project, {})).toEqual(all)
    const of = (from: string, to: string) =>
      texts(project, { from: `${from}Z`, to: `${to}Z` })
    expect(await of("2025-03-03T00:00:00", "2025-03-04T00:00:00")).toEqual([
      "2025-03-02T00:00:00"
    ])
    expect(await of("2025-03-01T00:00:00", "2025-03-02T00:00:00")).toEqual([
      "2025-03-01T00:00:00"
    ])
    expect(await of("2025-03-05T00:00:00", "2025-03-06T00:00:00")).toEqual([])
    const query = { from: "2025-03-05T00:00:00Z", to: "2025-03-05T00:00:00Z" }
    expect((await annotations.get({ ...project.own, query })).status).toBe(422)
  })

  it("come in pages, also those of one moment, none twice and none missing", async () => {
    const project = await makeProject()
    const made = new Set<string>()
    for (let n = 0; n < 5; n++)
      made.add((await note(project, "2025-03-01T00:00:00.123")).id)
    await note(project, "1960-01-01T00:00:00")
    const seen: Array<string> = []
    let cursor: string | undefined
    for (;;) {
      const query = { limit: 2, ...(cursor === undefined ? {} : { cursor }) }
      const { data } = await annotations.get({ ...project.own, query })
      seen.push(...(data?.annotations ?? []).map(({ id }) => id))
      if (!data?.nextCursor) break
      cursor = data.nextCursor
    }
    expect(seen).toHaveLength(6)
    expect(new Set(seen.slice(1))).toEqual(made)
    const wrong = { ...project.own, query: { cursor: "1_2" } }
    expect((await annotations.get(wrong)).status).toBe(422)
  })

  it("are for their project, and for other services in its name", async () => {
    const project = await makeProject()
    const other = await makeProject()
    const { id } = await note(project, "2025-03-01T00:00:00")
    const at = annotations({ annotationId: id })
    expect((await at.patch({ text: "mine" }, other.own)).status).toBe(404)
    expect((await at.delete(undefined, other.own)).status).toBe(404)
    expect(await texts(other, {})).toEqual([])
    const query = await project.keyWith("query")
    expect((await annotations.get(query)).status).toBe(200)
    expect((await at.patch({ text: "x" }, query)).status).toBe(403)
    const body = { at: "2025-03-01T00:00:00Z", text: "x" }
    expect((await annotations.post(body, query)).status).toBe(403)
    const inside = api.internal.v1.annotations
    const of = (projectId: number) => ({ ...service, query: { projectId } })
    expect((await inside.get(of(project.id))).data?.annotations).toMatchObject([{ id }])
    expect((await inside.get(of(other.id))).data?.annotations).toEqual([])
    const asked = { ...project.own, query: { projectId: project.id } }
    expect((await inside.get(asked)).status).toBe(401)
    expect(unknownId).not.toBe(id)
  })
})
