import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

interface Job {
  readonly id: string
  readonly state: string
  readonly error: unknown
  readonly result: Readonly<Record<string, unknown>>
}

const DAY = 86_400_000
const WEEKS = 8
const PEOPLE = 160

/** Numbers that look random and are always the same. */
const randomOf = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

/** Weeks of people: who bought in a week mostly buys in the next one, others rarely do. */
const history = () => {
  const random = randomOf(7)
  const begin = Date.now() - DAY * (WEEKS * 7 + 1.1)
  return Array.from({ length: PEOPLE }, (_, person) => {
    const who =
      person % 3 === 0 ? { anonymousId: `a-${person}` } : { userId: `u-${person}` }
    let buys = random() < 0.3
    return Array.from({ length: WEEKS }, (_, week) => {
      const at = () => new Date(begin + (week + random()) * 7 * DAY).toISOString()
      const events: Array<object> = [
        { type: "track", event: "view", ...who, timestamp: at() }
      ]
      if (buys)
        events.push({
          type: "track",
          event: "buy",
          ...who,
          timestamp: at(),
          properties: { amount: 10 + random() * 50 }
        })
      buys = random() < (buys ? 0.85 : 0.06)
      return events
    }).flat()
  })
    .flat()
    .map((event, index) => ({ ...event, messageId: `m-${index}` }))
}

describe("from events to predictions", () => {
  let stack: RunningStack
  let client: Client
  let project: Project
  let jobs: string
  let models: string

  beforeAll(async () => {
    stack = await startStack({ INGEST_TEST_MODE: "false" })
    client = await makeClient(stack)
    const { services } = await stack.file()
    jobs = `${services["batch-processor"]}/v1/jobs`
    models = services["ml-inference"]
    project = await client.createProject("models")
    const { body } = await client.send(project, history())
    expect(body).toMatchObject({ rejected: [] })
    await client.settled(project)
  }, 180_000)
  afterAll(() => stack?.stop(), 60_000)

  const submit = async (type: string, payload: object): Promise<string> => {
    const { body, status } = await client.call("POST", jobs, project.secretKey, {
      type,
      payload
    })
    expect({ status, body }).toMatchObject({ status: 202 })
    return (body as Job).id
  }

  const done = async (type: string, payload: object): Promise<Job> => {
    const id = await submit(type, payload)
    const end = Date.now() + 120_000
    for (;;) {
      const { body } = await client.call("GET", `${jobs}/${id}`, project.secretKey)
      const job = body as Job
      if (job.state !== "queued" && job.state !== "running") {
        expect(job).toMatchObject({ state: "succeeded", error: null })
        return job
      }
      if (Date.now() > end) throw new Error(`not done: ${JSON.stringify(job)}`)
      await Bun.sleep(50)
    }
  }

  /** The ids of the people with such a prediction, as a query answers. */
  const idsAbove = async (threshold: number): Promise<ReadonlyArray<string>> => {
    const { body, status } = await client.query(project, {
      kind: "people",
      filters: [
        { property: "user.predictions.buys.probability", op: "gt", value: threshold }
      ],
      limit: 1000
    })
    expect({ status, body: status === 200 ? "" : body }).toEqual({
      status: 200,
      body: ""
    })
    const { people } = (
      body as { result: { people: ReadonlyArray<{ ids: ReadonlyArray<string> }> } }
    ).result
    return people.flatMap(({ ids }) => ids).sort()
  }

  it("trains, serves, scores, and filters by what was foretold", async () => {
    const trained = await done("train", {
      model: "buys",
      target: { event: "buy", days: 7 },
      features: [
        { kind: "count", event: "buy", days: 7 },
        { kind: "days_since_last", event: "buy" },
        { kind: "active_days", days: 28 }
      ],
      trees: { trees: 40 }
    })
    expect(trained.result).toMatchObject({ version: 1, promoted: true })

    const model = await client.call(
      "GET",
      `${models}/v2/models/buys`,
      project.secretKey
    )
    const { inputs } = model.body as {
      inputs: ReadonlyArray<{ name: string; shape: ReadonlyArray<number> }>
    }
    const width = inputs[0]?.shape[1] ?? 0
    expect(width).toBe(3)
    const ask = (parameters: object) =>
      client.call("POST", `${models}/v2/models/buys/infer`, project.secretKey, {
        parameters,
        inputs: [
          {
            name: "features",
            datatype: "FP32",
            shape: [1, width],
            data: Array.from({ length: width }, () => null)
          }
        ]
      })
    const ofVersion = { status: 200, body: { model_version: "1" } }
    expect(await ask({})).toMatchObject(ofVersion)

    const scored = await done("score", { model: "buys" })
    expect(scored.result).toMatchObject({ people: PEOPLE, sent: PEOPLE, rejected: 0 })
    await client.settled(project)

    const told = await client.query(project, {
      kind: "events",
      event: "$identify",
      limit: 1000
    })
    const { events } = (
      told.body as {
        result: {
          events: ReadonlyArray<{
            userId: string | null
            anonymousId: string | null
            properties: { predictions: { buys: { probability: number } } }
          }>
        }
      }
    ).result
    expect(events).toHaveLength(PEOPLE)
    const above = (threshold: number) =>
      events
        .filter((it) => it.properties.predictions.buys.probability > threshold)
        .map((it) => it.userId || it.anonymousId || "")
        .sort()
    const likely = above(0.5)
    expect(likely.length).toBeGreaterThan(5)
    expect(likely.length).toBeLessThan(PEOPLE / 2)
    expect(await idsAbove(0.5)).toEqual(likely)
    expect(await idsAbove(0.05)).toEqual(above(0.05))

    // Scored again on the same day: everything is known already.
    await done("score", { model: "buys", minChange: 0.001 })
    const after = await client.settled(project)
    expect(after).toMatchObject({ balanced: true })
    expect(await idsAbove(0.5)).toEqual(likely)

    // With the person goes what was foretold of them.
    const [gone] = likely.filter((id) => id.startsWith("u-"))
    await submit("erase", { person: gone })
    const rest = likely.filter((id) => id !== gone)
    const end = Date.now() + 60_000
    let left = await idsAbove(0.5)
    while (left.length > rest.length && Date.now() < end) {
      await Bun.sleep(100)
      left = await idsAbove(0.5)
    }
    expect(left).toEqual(rest)

    // Who is asked about while they are there has another prediction at once.
    const { body } = await ask({})
    const [probability = 0] =
      (
        body as {
          outputs: ReadonlyArray<{ name: string; data: ReadonlyArray<number> }>
        }
      ).outputs.find(({ name }) => name === "probability")?.data ?? []
    const isLikely = probability > 0.5
    const entity = events
      .map(({ userId }) => userId)
      .find((id) => id && id !== gone && rest.includes(id) !== isLikely)
    expect(await ask({ entity, log: true })).toMatchObject(ofVersion)
    while ((await idsAbove(0.5)).includes(entity ?? "") !== isLikely) {
      expect(Date.now()).toBeLessThan(end)
      await Bun.sleep(100)
    }
  }, 180_000)
})
