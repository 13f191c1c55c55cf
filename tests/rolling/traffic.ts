import { timesModel } from "@analytics/ml-models/test/models"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import type { StackFile } from "../e2e/RunningStack.ts"
import type { Platform } from "./Platform.ts"
import { makeTally } from "./Tally.ts"

const field = (body: unknown, name: string): unknown =>
  typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined

const made = ({ body, status }: { body: unknown; status: number }, what: string) => {
  if (status < 200 || status > 299)
    throw new Error(`${what}: ${status} ${JSON.stringify(body)}`)
  return body
}

export const totals = {
  kind: "trends",
  range: "last_7d",
  timezone: "UTC",
  interval: "day",
  series: [{ event: "load", measure: "total" }]
}

/** A client of the platform's services, as `tests/e2e` have one of a stack. */
export const clientOf = async (platform: Platform) => {
  const stores = await platform.stores()
  const services = {
    "analytics-api": platform.url("analytics-api"),
    "data-ingestion": platform.url("data-ingestion"),
    "batch-processor": platform.url("batch-processor"),
    "ml-inference": platform.url("ml-inference"),
    "reporting-engine": platform.url("reporting-engine")
  }
  const file = { services, ...stores, pids: {} }
  return { file, client: await makeClient({ file: async () => file }) }
}

/** What was just started may not know the keys yet. */
const patiently = async <A>(attempt: () => Promise<A>): Promise<A> => {
  for (let left = 20; ; left--)
    try {
      return await attempt()
    } catch (error) {
      if (left === 0) throw error
      await Bun.sleep(500)
    }
}

/** A project with a model that multiplies by 3, and a report. */
export const prepare = async (client: Client, services: StackFile["services"]) => {
  const project = await client.createProject("rolling")
  const key = project.secretKey
  const models = services["ml-inference"]
  const call = (method: string, url: string, body: object) =>
    patiently(async () => made(await client.call(method, url, key, body), url))

  const artifact = await patiently(async () => {
    const upload = await fetch(`${models}/v1/artifacts`, {
      method: "PUT",
      headers: { authorization: `Bearer ${key}` },
      body: Uint8Array.from(timesModel(3)),
      signal: AbortSignal.timeout(30_000)
    })
    const answer = { status: upload.status, body: await upload.json() }
    return field(made(answer, "artifact"), "sha256")
  })
  await call("POST", `${models}/v1/models/times/versions`, { artifact })
  await call("PUT", `${models}/v1/models/times/aliases/champion`, { version: 1 })
  const { range: _, ...query } = totals
  const chart = { form: "line" }
  const section = { type: "query", title: "By day", query, chart }
  const report = await call("POST", `${services["reporting-engine"]}/v1/reports`, {
    definition: { title: "Load", range: "last_7d", sections: [section] }
  })
  return { project, reportId: String(field(report, "id")) }
}

export const infer = (key: string) => ({
  method: "POST",
  path: "/v2/models/times/infer",
  key,
  body: {
    inputs: [{ name: "x", datatype: "FP32", shape: [2, 1], data: [1, 2] }]
  }
})

const pause = () => Bun.sleep(50)

/** Every kind of request at once, none sent twice. */
export const startTraffic = (
  platform: Platform,
  project: Project,
  reportId: string
) => {
  const tally = makeTally()
  const acknowledged = new Set<string>()
  const { secretKey, writeKey } = project

  for (let worker = 0; worker < 2; worker++)
    tally.client("ingestion", platform.port("data-ingestion"), async (ask) => {
      const batch = Array.from({ length: 5 }, () => ({
        type: "track",
        event: "load",
        userId: `u${worker}`,
        messageId: crypto.randomUUID()
      }))
      const body = { batch }
      const request = { method: "POST", path: "/v1/batch", key: writeKey, body }
      const { status } = await ask(request)
      if (status === 200) for (const it of batch) acknowledged.add(it.messageId)
      await pause()
    })
  tally.client("query", platform.port("analytics-api"), async (ask) => {
    await ask({ method: "POST", path: "/v1/query", key: secretKey, body: totals })
    await pause()
  })
  tally.client("inference", platform.port("ml-inference"), async (ask) => {
    await ask(infer(secretKey))
    await pause()
  })
  tally.client("report", platform.port("reporting-engine"), async (ask) => {
    const path = `/v1/reports/${reportId}/render?format=json`
    await ask({ method: "POST", path, key: secretKey, body: {} })
    await Bun.sleep(200)
  })
  tally.client("job", platform.port("batch-processor"), async (ask) => {
    const path = "/v1/jobs"
    const submitted = await ask(
      { method: "POST", path, key: secretKey, body: { type: "noop", payload: {} } },
      202
    )
    if (submitted.status !== 202) return
    const { id } = JSON.parse(submitted.body)
    for (;;) {
      const found = await ask({ method: "GET", path: `${path}/${id}`, key: secretKey })
      if (found.status !== 200) return
      if (JSON.parse(found.body).state === "succeeded") return
      await Bun.sleep(100)
    }
  })
  return { tally, acknowledged }
}
