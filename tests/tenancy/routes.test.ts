import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { watched } from "./alertRoutes.ts"
import { written } from "./definitionRoutes.ts"
import { folder, weekly } from "./deliveryRoutes.ts"
import { doubling } from "./modelRoutes.ts"
import { type KeyType, keyTypes, type Route, routes } from "./routes.ts"
import { savedInsight, sharing } from "./savedRoutes.ts"

/** In what the tenant "theirs" sent, and in its names. */
const marker = "tenant-b-secret"

/** Echoed by answers that say that there is no such message. */
const messageId = "message-of-theirs"

const serviceKey = "service-key-of-this-test-0123456789"

interface Tenant {
  readonly keys: Readonly<Record<KeyType, string | undefined>>
  /** What stands for a placeholder. */
  readonly ids: Readonly<Record<string, string>>
}

let stack: RunningStack
let client: Client
let stranger: Project
let adminKey: string
let theirs: Tenant

const text = (value: unknown): string => String(value)

const field = (body: unknown, name: string): unknown =>
  typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined

/** Asks until an answer is as hoped for; what is waited for happens by itself. */
const until = async <A>(ask: () => Promise<A>, isGood: (answer: A) => boolean) => {
  const end = Date.now() + 30_000
  for (;;) {
    const answer = await ask()
    if (isGood(answer)) return answer
    if (Date.now() > end) throw new Error(`never: ${JSON.stringify(answer)}`)
    await Bun.sleep(20)
  }
}

/** A job that has ended, and a schedule. */
const makeWork = async (secretKey: string) => {
  const { call } = client
  const batch = (await stack.file()).services["batch-processor"]
  const work = { type: "noop", payload: { note: marker } }
  const job = await call("POST", `${batch}/v1/jobs`, secretKey, work)
  const jobId = text(field(job.body, "id"))
  await until(
    () => call("GET", `${batch}/v1/jobs/${jobId}`, secretKey),
    ({ body }) => field(body, "state") === "succeeded"
  )
  const schedule = await call("POST", `${batch}/v1/schedules`, secretKey, {
    ...work,
    name: marker,
    cron: "0 0 1 1 *"
  })
  return { jobId, scheduleId: text(field(schedule.body, "id")) }
}

/** A question, a dashboard that shows another, and a note. */
const makeSaved = async (secretKey: string) => {
  const { api, call } = client
  const sent = async (path: string, body: object) => {
    const answer = await call("POST", `${api}/v1/${path}`, secretKey, body)
    if (answer.status !== 201) throw new Error(JSON.stringify(answer))
    return answer.body
  }
  const made = async (path: string, body: object) =>
    text(field(await sent(path, body), "id"))
  const insight = await made("insights", savedInsight(marker))
  const shown = await made("insights", savedInsight("shown to others"))
  const link = await sent("share-links", sharing(shown))
  return {
    insightId: await made("insights", savedInsight(marker)),
    dashboardId: await made("dashboards", { name: marker, tiles: [{ insight }] }),
    annotationId: await made("annotations", {
      at: "2025-01-01T00:00:00Z",
      text: marker
    }),
    shareLinkId: text(field(link, "id")),
    shareToken: text(field(link, "token"))
  }
}

/** Something that is watched. */
const makeAlert = async (secretKey: string) => {
  const url = (await stack.file()).services["reporting-engine"]
  const answer = await client.call(
    "POST",
    `${url}/v1/alerts`,
    secretKey,
    watched(marker)
  )
  if (answer.status !== 201) throw new Error(JSON.stringify(answer))
  return text(field(answer.body, "id"))
}

/** A report, and what it said once. */
const makeReport = async (secretKey: string) => {
  const { call } = client
  const url = (await stack.file()).services["reporting-engine"]
  const report = await call("POST", `${url}/v1/reports`, secretKey, {
    definition: written(marker)
  })
  const reportId = text(field(report.body, "id"))
  const made = await fetch(`${url}/v1/reports/${reportId}/render?format=json`, {
    method: "POST",
    headers: { authorization: `Bearer ${secretKey}` },
    signal: AbortSignal.timeout(30_000)
  })
  if (made.status !== 200) throw new Error(await made.text())
  const runId = text(made.headers.get("content-location")?.split("/")[3])
  return { reportId, runId }
}

/** A report that comes again, where it goes, and something that went there. */
const makeSubscription = async (secretKey: string) => {
  const url = (await stack.file()).services["reporting-engine"]
  const made = async (path: string, body: object) => {
    const answer = await client.call("POST", `${url}/v1/${path}`, secretKey, body)
    if (answer.status > 202) throw new Error(JSON.stringify(answer))
    return answer.body
  }
  const report = await made("reports", { definition: written(marker) })
  const destination = await made("destinations", folder(marker))
  const destinationId = text(field(destination, "id"))
  const tested = field(
    await made(`destinations/${destinationId}/test`, {}),
    "deliveries"
  )
  const deliveryId = text(field(field(tested, "0"), "id"))
  const subscription = await made(
    "subscriptions",
    weekly(marker, text(field(report, "id")), destinationId)
  )
  return { destinationId, deliveryId, subscriptionId: text(field(subscription, "id")) }
}

/** A tenant with one of everything, but for events, which only one of them needs. */
const makeTenant = async (): Promise<Tenant> => {
  const project = await client.createProject(marker)
  const { api, call } = client
  const newKey = async (fields: object = {}) => {
    const answer = await call(
      "POST",
      `${api}/v1/projects/${project.id}/keys`,
      adminKey,
      {
        kind: "secret",
        name: "k",
        scopes: ["query"],
        ...fields
      }
    )
    if (answer.status !== 201) throw new Error(JSON.stringify(answer))
    return { id: text(field(answer.body, "id")), key: text(field(answer.body, "key")) }
  }
  const expired = await newKey({ expiresAt: new Date(Date.now() + 1000).toISOString() })
  const revoked = await newKey()
  await call("DELETE", `${api}/v1/keys/${revoked.id}`, adminKey)
  const spare = await newKey()
  const cohort = await call("POST", `${api}/v1/cohorts`, project.secretKey, {
    name: marker,
    definition: { type: "static" }
  })
  for (const { key } of [expired, revoked])
    await until(
      () => call("GET", `${api}/v1/cohorts`, key),
      ({ status }) => status === 401
    )
  return {
    keys: {
      none: undefined,
      wrong: `sk_${"0".repeat(64)}`,
      expired: expired.key,
      revoked: revoked.key,
      write: project.writeKey,
      stranger: stranger.secretKey,
      service: serviceKey,
      owner: project.secretKey,
      admin: adminKey
    },
    ids: {
      marker,
      projectId: text(project.id),
      keyId: spare.id,
      cohortId: text(field(cohort.body, "id")),
      ...(await makeWork(project.secretKey)),
      ...(await makeSaved(project.secretKey)),
      ...(await makeReport(project.secretKey)),
      ...(await makeSubscription(project.secretKey)),
      alertId: await makeAlert(project.secretKey),
      messageId
    }
  }
}

/** A model with a version, which is the champion. */
const makeModel = async (secretKey: string) => {
  const { call } = client
  const url = `${(await stack.file()).services["ml-inference"]}/v1`
  const sent = await fetch(`${url}/artifacts`, {
    method: "PUT",
    headers: { authorization: `Bearer ${secretKey}` },
    body: doubling
  })
  const version = await call("POST", `${url}/models/m/versions`, secretKey, {
    artifact: field(await sent.json(), "sha256"),
    lineage: { note: marker }
  })
  const champion = await call("PUT", `${url}/models/m/aliases/champion`, secretKey, {
    version: 1
  })
  if (champion.status !== 200) throw new Error(JSON.stringify({ version, champion }))
}

/** Sends events, one of which is set aside, and asks a long question. */
const withEvents = async (tenant: Tenant): Promise<Tenant> => {
  const { api, call, ingestion } = client
  const owner = text(tenant.keys.owner)
  const sent = { type: "track", event: marker, userId: marker }
  await call("POST", `${ingestion}/v1/batch`, text(tenant.keys.write), {
    batch: [
      { ...sent, messageId, properties: { plan: marker } },
      { ...sent, messageId: "early", timestamp: "1960-01-01T00:00:00Z" }
    ]
  })
  await until(
    () => call("GET", `${ingestion}/v1/accounting`, owner),
    ({ body }) => field(body, "pending") === 0
  )
  const kept = await call("GET", `${ingestion}/v1/quarantine/`, owner)
  const person = await until(
    () => call("GET", `${api}/v1/people?id=${marker}`, owner),
    ({ status }) => status === 200
  )
  const later = await fetch(`${api}/v1/query`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${owner}`,
      "content-type": "application/json",
      prefer: "respond-async"
    },
    body: JSON.stringify({ kind: "events", range: "last_7d" })
  })
  await later.body?.cancel()
  const quarantineId = /"id":"?(\d+)/u.exec(JSON.stringify(kept.body))?.[1]
  return {
    keys: tenant.keys,
    ids: {
      ...tenant.ids,
      quarantineId: text(quarantineId),
      personId: text(field(person.body, "personId")),
      queryId: text(later.headers.get("location")?.split("/").at(-1))
    }
  }
}

beforeAll(async () => {
  stack = await startStack({ SERVICE_KEY: serviceKey })
  client = await makeClient(stack)
  adminKey = (await stack.file()).adminKey
  stranger = await client.createProject("stranger")
  theirs = await withEvents(await makeTenant())
  await makeModel(text(theirs.keys.owner))
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const fill = (template: string, ids: Tenant["ids"]) =>
  template.replace(/\{(\w+)\}/gu, (whole, name) => ids[name] ?? whole)

const asked = (base: string, route: Route, tenant: Tenant, key: KeyType) => {
  const [method = "GET", documented = ""] = route.route.split(" ")
  const bearer = tenant.keys[key]
  // A project's id is a number in a body.
  const body = fill(
    JSON.stringify(route.body ?? {}).replace('"{projectId}"', "{projectId}"),
    tenant.ids
  )
  return fetch(base + fill(route.path ?? documented, tenant.ids), {
    method,
    headers: {
      "content-type": "application/json",
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` })
    },
    ...(method === "GET" || method === "DELETE" ? {} : { body }),
    signal: AbortSignal.timeout(30_000)
  })
}

/** The answer without its end, which a stream does not have. */
const read = async (response: Response): Promise<string> => {
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel()
    return ""
  }
  return response.text()
}

for (const service of [
  "analytics-api",
  "data-ingestion",
  "batch-processor",
  "ml-inference",
  "reporting-engine"
] as const)
  describe(service, () => {
    it("has a row for every route that it documents", async () => {
      const base = (await stack.file()).services[service]
      const document = (await (await fetch(`${base}/openapi.json`)).json()) as {
        readonly paths: Record<string, object>
      }
      const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
      )
      expect(routes[service].map(({ route }) => route).sort()).toEqual(
        documented.sort()
      )
    })

    it("answers each type of key as pinned, and nothing of theirs to others", async () => {
      const base = (await stack.file()).services[service]
      const faults: Array<string> = []
      for (const route of routes[service]) {
        const tenant = route.fresh ? await makeTenant() : theirs
        const statuses: Array<number> = []
        for (const key of keyTypes) {
          const response = await asked(base, route, tenant, key)
          statuses.push(response.status)
          const said = await read(response)
          const isTheirs = key === "owner" || key === "admin" || key === "service"
          if (!isTheirs && said.includes(marker))
            faults.push(`${route.route} leaks to ${key}`)
        }
        const answered = statuses.join(" ")
        const pinned = route.statuses.split(" ").map((either) => either.split("/"))
        if (!statuses.every((status, key) => pinned[key]?.includes(String(status))))
          faults.push(`${route.route}: ${answered}`)
      }
      expect(faults).toEqual([])
    }, 300_000)
  })

it("keeps in the audit what SQL was asked and how much it read", async () => {
  const { api, call } = client
  const owner = text(theirs.keys.owner)
  const body = {
    kind: "sql",
    query: "SELECT min(event) = {e:String} FROM events",
    params: { e: "e" }
  }
  const answer = await call("POST", `${api}/v1/query`, owner, body)
  expect(answer.body).toMatchObject({
    kind: "sql",
    result: { columns: [{ type: "UInt8" }] }
  })
  const audit = await until(
    () => call("GET", `${api}/v1/audit?kind=sql`, owner),
    (found) => JSON.stringify(found.body).includes('"kind":"sql"')
  )
  expect(audit.body).toMatchObject({
    entries: [
      {
        kind: "sql",
        status: 200,
        queryHash: expect.stringMatching(/^[0-9a-f]{64}$/u),
        rowsRead: expect.any(Number),
        bytesRead: expect.any(Number)
      }
    ]
  })
}, 60_000)
