import { expect } from "bun:test"
import type { Client } from "./Client.ts"
import type { RunningStack } from "./RunningStack.ts"

const field = (body: unknown, name: string): unknown =>
  typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined

const until = async <A>(ask: () => Promise<A>, isGood: (answer: A) => boolean) => {
  const end = Date.now() + 60_000
  for (;;) {
    const answer = await ask()
    if (isGood(answer)) return answer
    if (Date.now() > end) throw new Error(`never: ${JSON.stringify(answer)}`)
    await Bun.sleep(50)
  }
}

/** A job finds the people of a cohort, queries read them, and erasure takes them away. */
export const keptCohort = async (stack: RunningStack, client: Client) => {
  const { services } = await stack.file()
  const api = services["analytics-api"]
  const jobs = `${services["batch-processor"]}/v1/jobs`
  const { secretKey, writeKey } = await client.createProject("cohorts")
  const ask = (method: string, url: string, body?: unknown) =>
    client.call(method, url, secretKey, body)
  const done = async (type: string, payload: object) => {
    const job = await ask("POST", jobs, { type, payload })
    const url = `${jobs}/${String(field(job.body, "id"))}`
    const ended = await until(
      () => ask("GET", url),
      ({ body }) =>
        ["succeeded", "failed", "parked"].includes(String(field(body, "state")))
    )
    expect(ended.body).toMatchObject({ state: "succeeded" })
    return field(ended.body, "result")
  }

  await client.call("POST", `${services["data-ingestion"]}/v1/batch`, writeKey, {
    batch: ["ann", "ann", "bob"].map((userId) => ({
      type: "track",
      event: "buy",
      userId
    }))
  })
  await until(
    () => ask("GET", `${services["data-ingestion"]}/v1/accounting`),
    ({ body }) => field(body, "pending") === 0
  )
  const rule = { did: { event: "buy", atLeast: 2 } }
  const made = await ask("POST", `${api}/v1/cohorts`, {
    name: "buyers",
    definition: { type: "dynamic", rule },
    maxAgeSeconds: 86_400
  })
  const cohort = String(field(made.body, "id"))
  const buyers = async () => {
    const series = [{ event: "buy", measure: "unique_users" }]
    const question = { kind: "trends", cohort, series, interval: "none" }
    const { body } = await ask("POST", `${api}/v1/query`, {
      ...question,
      range: "last_7d"
    })
    return body
  }
  // The watermark may lie behind what the accounting tells.
  await until(buyers, (body) => JSON.stringify(body).includes('"data":[1]'))

  expect(await done("cohort-refresh", {})).toMatchObject({
    people: 1,
    cohorts: [{ cohortId: cohort, people: 1, failure: null }]
  })
  const shown = await ask("GET", `${api}/v1/cohorts/${cohort}`)
  expect(shown.body).toMatchObject({
    refresh: {
      state: "succeeded",
      failure: null,
      lastGood: { people: 1, isUsed: true }
    }
  })
  const asOf = String(field(field(field(shown.body, "refresh"), "lastGood"), "asOf"))
  const read = await until(buyers, (body) => JSON.stringify(body).includes(asOf))
  expect(read).toMatchObject({
    result: { series: [{ data: [1] }] },
    meta: { cohorts: [{ id: cohort, asOf }] }
  })

  await done("erase", { person: "ann" })
  expect(await buyers()).toMatchObject({ result: { series: [{ data: [0] }] } })
  const after = await ask("GET", `${api}/v1/cohorts/${cohort}`)
  expect(after.body).toMatchObject({ refresh: { lastGood: { isUsed: false } } })
}
