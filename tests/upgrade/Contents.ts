import { expect } from "bun:test"
import type { Client, Project } from "../e2e/Client.ts"
import type { StackFile } from "../e2e/RunningStack.ts"
import { infer, prepare } from "../rolling/traffic.ts"

type Services = StackFile["services"]

const DAY = 86_400_000

const field = (body: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? Reflect.get(at, name) : at),
    body
  )

/** Questions of several kinds about the events of `fill`. */
const questions: ReadonlyArray<object> = [
  {
    kind: "trends",
    range: "last_30d",
    timezone: "UTC",
    interval: "day",
    series: [
      { event: "Viewed", measure: "total" },
      { event: "Bought", measure: "unique_users" },
      { event: "Bought", measure: "sum", property: "total" }
    ]
  },
  {
    kind: "funnel",
    range: "last_30d",
    timezone: "UTC",
    windowSeconds: 86_400,
    steps: [{ event: "Viewed" }, { event: "Bought" }]
  },
  {
    kind: "retention",
    mode: "first_time",
    range: "last_30d",
    timezone: "UTC",
    start: { event: "Viewed" },
    return: { event: "Bought" },
    interval: "day",
    periods: 7
  }
]

/** What a team has made: what must be there, and work, after whatever is tried. */
export interface Contents {
  readonly project: Project
  readonly reportId: string
  readonly cohort: string
  readonly laterKey: string
  readonly subscription: string
  readonly alert: string
  readonly schedule: string
  readonly asOf: string
  readonly answers: ReadonlyArray<unknown>
}

const events = () =>
  Array.from({ length: 20 }, (_, person) =>
    Array.from({ length: 6 }, (_, day) => {
      const at = (minute: number) =>
        new Date(Date.now() - (day + 1) * DAY + minute * 60_000).toISOString()
      const who =
        day === 0 ? { anonymousId: `device-${person}` } : { userId: `user-${person}` }
      const viewed = { type: "track", event: "Viewed", ...who, timestamp: at(person) }
      const bought = {
        type: "track",
        event: "Bought",
        ...who,
        timestamp: at(person + 5),
        properties: { total: person + day / 4 }
      }
      const known = {
        type: "identify",
        anonymousId: `device-${person}`,
        userId: `user-${person}`,
        timestamp: at(0)
      }
      return [viewed, ...(person > day * 3 ? [bought] : []), ...(day ? [] : [known])]
    }).flat()
  )
    .flat()
    .map((event, index) => ({ ...event, messageId: `contents-${index}` }))

/** Until a job has ended; answers it. */
export const ended = async (
  client: Client,
  services: Services,
  key: string,
  id: string
) => {
  const url = `${services["batch-processor"]}/v1/jobs/${id}`
  for (const end = Date.now() + 240_000; Date.now() < end; await Bun.sleep(200)) {
    const { body } = await client.call("GET", url, key)
    if (["succeeded", "failed", "parked"].includes(String(field(body, "state"))))
      return body
  }
  throw new Error(`the job ${id} does not end`)
}

export const submit = async (
  client: Client,
  services: Services,
  key: string,
  type: string,
  payload: object
) => {
  const url = `${services["batch-processor"]}/v1/jobs`
  const { body, status } = await client.call("POST", url, key, { type, payload })
  expect({ status, body }).toMatchObject({ status: 202 })
  return String(field(body, "id"))
}

export const ask = async (
  client: Client,
  project: Project,
  asOf?: string
): Promise<ReadonlyArray<{ readonly result: unknown; readonly asOf: unknown }>> => {
  const found: Array<{ readonly result: unknown; readonly asOf: unknown }> = []
  for (const question of questions) {
    const body = asOf === undefined ? question : { ...question, asOf }
    const answer = await client.query(project, body)
    expect({ status: answer.status, body: field(answer.body, "errors") }).toEqual({
      status: 200,
      body: undefined
    })
    const result = field(answer.body, "result")
    found.push({ result, asOf: field(answer.body, "meta", "asOf") })
  }
  return found
}

/** Makes a project with some of everything; one person of it is erased. */
export const fill = async (client: Client, services: Services): Promise<Contents> => {
  const { project, reportId } = await prepare(client, services)
  const key = project.secretKey
  const made = async (url: string, body: object) => {
    const answer = await client.call("POST", url, key, body)
    expect({ url, ...answer }).toMatchObject({ url, status: 201 })
    return answer.body
  }
  const idOf = async (url: string, body: object) =>
    String(field(await made(url, body), "id"))
  const api = services["analytics-api"]
  const engine = services["reporting-engine"]

  const sent = await client.send(project, events())
  expect(sent).toMatchObject({ status: 200, body: { rejected: [] } })
  await client.settled(project, 120_000)
  const erase = await submit(client, services, key, "erase", { person: "user-7" })
  expect(await ended(client, services, key, erase)).toMatchObject({
    state: "succeeded"
  })

  const cohort = await idOf(`${api}/v1/cohorts`, {
    name: "buyers",
    definition: { type: "dynamic", rule: { did: { event: "Bought", atLeast: 3 } } }
  })
  const later = await made(`${api}/v1/projects/${project.id}/keys`, {
    kind: "secret",
    name: "later",
    scopes: ["query"]
  })
  const lake = await idOf(`${engine}/v1/destinations`, {
    kind: "store",
    name: "Lake",
    prefix: "weekly"
  })
  const subscription = await idOf(`${engine}/v1/subscriptions`, {
    name: "Week",
    reportId,
    destinations: [lake],
    schedule: { days: ["mon"], at: "08:00" },
    formats: ["json"],
    waitSeconds: 0
  })
  const alert = await idOf(`${engine}/v1/alerts`, {
    name: "Bought",
    query: { kind: "trends", series: [{ event: "Bought", measure: "total" }] },
    interval: "day",
    timezone: "UTC",
    condition: { kind: "threshold", direction: "above", value: 1_000_000 }
  })
  const schedule = await idOf(`${services["batch-processor"]}/v1/schedules`, {
    name: "nothing",
    type: "noop",
    payload: {},
    cron: "0 3 * * *",
    timezone: "UTC"
  })
  const now = await ask(client, project)
  const asOf = String(now[0]?.asOf)
  const answers = (await ask(client, project, asOf)).map(({ result }) => result)
  expect(JSON.stringify(answers)).toContain("1")
  return {
    project,
    reportId,
    cohort,
    laterKey: String(field(later, "key")),
    subscription,
    alert,
    schedule,
    asOf,
    answers
  }
}

/** The same questions as of the same moment have the same answers. */
export const sameAnswers = async (client: Client, contents: Contents) => {
  const found = await ask(client, contents.project, contents.asOf)
  expect(found.map(({ result }) => result)).toEqual([...contents.answers])
}

/** What was made is there, and works. */
export const allThere = async (
  client: Client,
  services: Services,
  contents: Contents
) => {
  const key = contents.project.secretKey
  const engine = services["reporting-engine"]
  const statusOf = async (method: string, url: string, whose = key, body?: object) => {
    const answer = await client.call(method, url, whose, body)
    return { url, status: answer.status, body: answer.body }
  }
  for (const url of [
    `${engine}/v1/reports/${contents.reportId}`,
    `${engine}/v1/subscriptions/${contents.subscription}`,
    `${engine}/v1/alerts/${contents.alert}`,
    `${services["analytics-api"]}/v1/cohorts/${contents.cohort}`,
    `${services["batch-processor"]}/v1/schedules/${contents.schedule}`
  ])
    expect(await statusOf("GET", url)).toMatchObject({ url, status: 200 })

  const query = `${services["analytics-api"]}/v1/query`
  const buyers = { kind: "people", cohort: contents.cohort, limit: 1000 }
  expect(await statusOf("POST", query, contents.laterKey, buyers)).toMatchObject({
    status: 200
  })
  const rendered = await fetch(
    `${engine}/v1/reports/${contents.reportId}/render?format=pdf`,
    {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: "{}",
      signal: AbortSignal.timeout(120_000)
    }
  )
  expect(rendered.status).toBe(200)
  expect(new TextDecoder().decode((await rendered.bytes()).slice(0, 5))).toBe("%PDF-")
  const { body, method, path } = infer(key)
  const inferred = await statusOf(method, services["ml-inference"] + path, key, body)
  expect(field(inferred.body, "outputs", 0, "data")).toEqual([3, 6])
  await staysErased(client, contents)
}

/** Nobody finds the person who was erased. */
const staysErased = async (client: Client, { project }: Contents) => {
  const people = { kind: "people", range: "last_30d", limit: 1000 }
  const { body, status } = await client.query(project, people)
  expect(status).toBe(200)
  const text = JSON.stringify(body)
  expect(text).toContain("user-8")
  expect(text).not.toContain('"user-7"')
  expect(text).not.toContain('"device-7"')
}
