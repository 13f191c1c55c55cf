import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { createHash } from "node:crypto"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

interface Job {
  readonly id: string
  readonly state: string
  readonly error: unknown
  readonly result: { readonly rows: number; readonly files: number }
}

interface Manifest {
  readonly rows: number
  readonly files: ReadonlyArray<{
    readonly name: string
    readonly rows: number
    readonly sha256: string
  }>
}

const DAY = 86_400_000
const START = Date.UTC(2025, 1, 20)
const at = (ms: number) => new Date(START + ms).toISOString()
const agents = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
  "Googlebot/2.1"
]

/** 20 people over 40 days, with all that an event can be. */
const batch = Array.from({ length: 20 }, (_, person) => {
  const anonymousId = `a-${person}`
  const userId = `user ${person} "ä"`
  const context = {
    userAgent: person === 7 ? agents[1] : agents[0],
    page: { path: `/p/${person % 3}`, url: "https://example.com/?utm_source=x" }
  }
  const visits = Array.from({ length: 12 }, (_, n) => {
    const time = person * 3_600_000 + n * ((person % 5) + 1) * 0.7 * DAY
    const ids = n < 3 ? { anonymousId } : { anonymousId, userId }
    return [
      { type: "page", name: "Home", ...ids, timestamp: at(time), context },
      {
        type: "track",
        event: n % 4 === 0 ? "Order Completed" : "Product Viewed",
        ...ids,
        timestamp: at(time + 61_000),
        properties: {
          price: n * 1.5,
          big: "9007199254740993",
          cart: { items: [1, "zwei", null], "with.dot": { "back\\slash": true } },
          plan: n % 2 === 0 ? "pro" : "free",
          text: 'line\nbreak, "quotes" and =formula'
        },
        context: { ...context, groupId: `g${person % 4}` }
      },
      { type: "screen", name: "Cart", ...ids, timestamp: at(time + 122_000) }
    ]
  }).flat()
  return [
    ...visits,
    {
      type: "identify",
      anonymousId,
      userId,
      timestamp: at(2 * DAY),
      traits: { plan: person % 2 === 0 ? "gold" : "iron", address: { city: "Köln" } }
    },
    {
      type: "group",
      userId,
      groupId: `g${person % 4}`,
      timestamp: at(DAY),
      traits: { size: person % 4 }
    },
    ...(person % 5 === 0
      ? [{ type: "alias", previousId: `old-${person}`, userId, timestamp: at(3 * DAY) }]
      : []),
    ...(person % 5 === 0
      ? [
          {
            type: "track",
            event: "Order Completed",
            userId: `old-${person}`,
            timestamp: at(0)
          }
        ]
      : [])
  ]
})
  .flat()
  .concat([
    { type: "track", event: "Order Completed", userId: "", timestamp: at(DAY) },
    { type: "track", event: "Order Completed", userId: "null", timestamp: at(DAY) }
  ])
  .map((event, index) => ({ ...event, messageId: `message-${index}` }))

const range = { from: at(-DAY), to: at(60 * DAY), timezone: "Europe/Berlin" }
const trends = (more: object) => ({
  kind: "trends",
  ...range,
  interval: "week",
  ...more
})

const queries: ReadonlyArray<object> = [
  trends({
    series: [{ measure: "total" }, { measure: "unique_users" }, { measure: "sessions" }]
  }),
  trends({
    series: [{ event: "Order Completed", measure: "sum", property: "price" }],
    breakdown: ["cart.with\\.dot.back\\\\slash", "plan"]
  }),
  trends({ series: [{ measure: "total" }], breakdown: ["user.plan", "$browser"] }),
  trends({ series: [{ measure: "unique_users" }], breakdown: ["group.default.size"] }),
  trends({
    series: [{ measure: "total" }],
    includeBots: true,
    breakdown: ["$utm_source"]
  }),
  trends({
    series: [
      {
        measure: "total",
        filters: [{ property: "big", op: "is", value: "9007199254740993" }]
      }
    ]
  }),
  {
    kind: "funnel",
    ...range,
    steps: [
      { event: "$pageview" },
      { event: "Product Viewed" },
      { event: "Order Completed" }
    ],
    order: "ordered",
    windowSeconds: 7 * 86_400,
    breakdown: ["user.plan"]
  },
  {
    kind: "retention",
    ...range,
    mode: "first_time",
    start: { event: "$pageview" },
    return: { event: "Order Completed" },
    interval: "week",
    periods: 6
  },
  { kind: "stickiness", ...range, interval: "week" },
  { kind: "lifecycle", ...range, interval: "week", event: "$pageview" },
  { kind: "sessions", ...range },
  { kind: "sessions", ...range, list: true, limit: 1000 },
  { kind: "paths", ...range },
  { kind: "people", limit: 1000 },
  {
    kind: "people",
    event: "Order Completed",
    filters: [{ property: "user.plan", op: "is", value: "gold" }],
    limit: 1000
  },
  ...["Order Completed", "$identify", "$group", "$alias", "$pageview", "$screen"].map(
    (event) => ({
      kind: "events",
      event,
      includeBots: true,
      limit: 1000
    })
  )
]

/** What is the same in every project: numbers of people and times of receipt are not. */
const comparable = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    const all = value.map(comparable)
    return value.some((it) => typeof it === "object" && it !== null && "personId" in it)
      ? all.map((it) => JSON.stringify(it)).sort()
      : all
  }
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !["personId", "receivedAt", "nextCursor"].includes(name))
      .map(([name, member]) => [
        name,
        name === "ids" && Array.isArray(member)
          ? [...member].sort()
          : comparable(member)
      ])
  )
}

describe("a project that is exported and imported elsewhere", () => {
  let stack: RunningStack
  let client: Client
  let jobs: string
  let source: Project
  let expected: ReadonlyArray<unknown>

  beforeAll(async () => {
    stack = await startStack({ INGEST_TEST_MODE: "false", EXPORT_FILE_EVENTS: "500" })
    client = await makeClient(stack)
    jobs = (await stack.file()).services["batch-processor"]
    source = await client.createProject("source")
    const { body } = await client.send(source, batch)
    expect(body).toMatchObject({ accepted: batch.length, rejected: [] })
    await client.settled(source)
    expected = await answers(source)
  }, 180_000)
  afterAll(() => stack?.stop(), 60_000)

  const done = async (
    project: Project,
    type: string,
    payload: object
  ): Promise<Job> => {
    const url = `${jobs}/v1/jobs`
    const started = await client.call("POST", url, project.secretKey, { type, payload })
    expect(started.status).toBe(202)
    const { id } = started.body as Job
    const end = Date.now() + 60_000
    for (;;) {
      const job = (await client.call("GET", `${url}/${id}`, project.secretKey))
        .body as Job
      if (job.state !== "queued" && job.state !== "running") {
        expect(job).toMatchObject({ state: "succeeded", error: null })
        return job
      }
      if (Date.now() > end) throw new Error(`not done: ${JSON.stringify(job)}`)
      await Bun.sleep(50)
    }
  }

  const file = async (project: Project, job: Job, name: string) => {
    const answer = await fetch(`${jobs}/v1/jobs/${job.id}/files/${name}`, {
      headers: { authorization: `Bearer ${project.secretKey}` },
      signal: AbortSignal.timeout(30_000)
    })
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) }
  }

  const answers = async (project: Project) => {
    const all: Array<unknown> = []
    for (const query of queries) {
      const { body, status } = await client.query(project, query)
      expect({ query, status, body: status === 200 ? "" : body }).toEqual({
        query,
        status: 200,
        body: ""
      })
      all.push({ query, result: comparable((body as { result: unknown }).result) })
    }
    return all
  }

  for (const [format, compression] of [
    ["parquet", "none"],
    ["ndjson", "gzip"]
  ] as const)
    it(`answers every query alike, by way of ${format}`, async () => {
      const exported = await done(source, "export", {
        what: { events: {} },
        format,
        ...(compression === "gzip" ? { compression } : {})
      })
      expect(exported.result.rows).toBe(batch.length)
      const { bytes } = await file(source, exported, "manifest.json")
      const manifest: Manifest = JSON.parse(bytes.toString("utf8"))
      expect(manifest.rows).toBe(batch.length)
      expect(manifest.files.length).toBeGreaterThan(1)
      const target = await client.createProject(`target of ${format}`)
      expect(await file(target, exported, "manifest.json")).toMatchObject({
        status: 404
      })
      for (const { name, sha256 } of manifest.files) {
        const { bytes } = await file(source, exported, name)
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256)
        const upload = await fetch(`${jobs}/v1/uploads`, {
          method: "POST",
          headers: { authorization: `Bearer ${target.secretKey}` },
          body: bytes
        })
        expect(upload.status).toBe(201)
        const { id } = (await upload.json()) as { id: string }
        await done(target, "import", { source: { upload: id }, format })
      }
      const accounting = await client.settled(target)
      expect(accounting).toMatchObject({
        stored: batch.length,
        quarantined: 0,
        balanced: true
      })
      expect(await answers(target)).toEqual([...expected])
    }, 120_000)

  it("exports people, and the answer of any query", async () => {
    const people = await done(source, "export", {
      what: { people: { event: "Order Completed" } },
      format: "ndjson"
    })
    const { bytes } = await file(source, people, "rows-00001.ndjson")
    const lines = bytes.toString("utf8").trimEnd().split("\n")
    expect(lines.flatMap((line) => JSON.parse(line).ids)).toContain('user 3 "ä"')
    expect(lines).toHaveLength(people.result.rows)
    const trend = await done(source, "export", {
      what: { query: trends({ series: [{ measure: "total" }] }) },
      format: "csv"
    })
    const csv = (await file(source, trend, "rows-00001.csv")).bytes.toString("utf8")
    expect(csv).toStartWith("period,bucket,label,name,breakdown,other,value\r\n")
    const listed = await client.call(
      "GET",
      `${jobs}/v1/jobs/${trend.id}/files`,
      source.secretKey
    )
    expect(listed.body).toMatchObject({
      files: [{ name: "manifest.json" }, { name: "rows-00001.csv" }]
    })
    const refused = await client.call("POST", `${jobs}/v1/jobs`, source.secretKey, {
      type: "export",
      payload: { what: { query: { kind: "trends" } }, format: "csv" }
    })
    expect(refused.status).toBe(422)
  }, 60_000)
})
