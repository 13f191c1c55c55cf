import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"
import { sentAndAnswered } from "./sentAndAnswered.ts"

let stack: RunningStack
let client: Client
let mine: Project
let other: Project

/** A row of another tenant that no answer to `mine` may ever show. */
const secret = "tenant-b-secret"

beforeAll(async () => {
  stack = await startStack()
  client = await makeClient(stack)
  mine = await client.createProject("mine")
  other = await client.createProject("other")
  await client.send(other, [
    {
      type: "track",
      event: secret,
      userId: secret,
      messageId: secret,
      properties: { plan: secret }
    }
  ])
  await client.settled(other)
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const post = async (
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {}
) => {
  const response = await fetch(client.ingestion + path, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${mine.writeKey}`, ...headers },
    signal: AbortSignal.timeout(20_000)
  })
  return { status: response.status, text: await response.text() }
}

const event = (fields: object) => ({
  type: "track",
  event: "e",
  userId: "u",
  ...fields
})
const batch = (...events: ReadonlyArray<unknown>) => JSON.stringify({ batch: events })
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`

const injections = [
  "'; DROP TABLE events; --",
  "\n\nDROP TABLE events\n\n",
  "\\'; DROP TABLE events; --",
  "{p0:String}",
  "`events`",
  "%s %d \u0000 \ufeff",
  "1) UNION ALL SELECT * FROM events --",
  "💥 ﷽ \ud800"
]

const bodies: ReadonlyArray<readonly [string, string | Uint8Array<ArrayBuffer>]> = [
  ["nothing", ""],
  ["half a document", '{"batch":[{"type":"track"'],
  ["not JSON", "DROP TABLE events"],
  ["a blank line and SQL", "\n\nDROP TABLE events\n\n"],
  ["a number", "17"],
  ["an array of numbers", "[1,2,3]"],
  ["a batch that is no array", '{"batch":{"a":1}}'],
  ["nulls", batch(null, 1, "x", [], {})],
  [
    "wrong types",
    batch(event({ event: 7, properties: "x", context: [], timestamp: {} }))
  ],
  [
    "deep nesting",
    `{"batch":[{"type":"track","event":"e","userId":"u","properties":${nested(5000)}}]}`
  ],
  ["deeper than any stack", "[".repeat(200_000)],
  [
    "a number without end",
    `{"batch":[{"type":"track","event":"e","userId":"u","properties":{"n":1e400,"i":${"9".repeat(400)}}}]}`
  ],
  ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ["a broken gzip", Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5])],
  ["a gzip bomb", gzipSync(Buffer.alloc(200 * 1024 * 1024))],
  [
    "__proto__",
    '{"batch":[{"type":"track","event":"e","userId":"u","__proto__":{"x":1},"properties":{"__proto__":{"y":1},"constructor":1}}]}'
  ],
  ["conflicting paths", batch(event({ properties: { "a.b": 1, a: { b: 2 } } }))],
  [
    "dates far away",
    batch(event({ timestamp: "0000-01-01T00:00:00Z" }), event({ timestamp: 8.64e15 }))
  ]
]

const alive = async () => {
  for (const base of [client.api, client.ingestion])
    expect((await fetch(`${base}/readyz`)).status).toBe(200)
}

const nothingLeaked = async () => {
  const answer = await client.query(mine, {
    kind: "trends",
    range: "last_30d",
    interval: "none",
    series: [{ event: secret, measure: "total" }]
  })
  expect(answer).toMatchObject({
    status: 200,
    body: { result: { series: [{ data: [0] }] } }
  })
}

describe("hostile bodies", () => {
  for (const [name, body] of bodies)
    it(`${name}: no 5xx`, async () => {
      for (const path of ["/v1/batch", "/v1/track", "/v1/t"]) {
        const { status, text } = await post(path, body)
        expect(status).toBeLessThan(500)
        expect(text).not.toContain("Exception")
      }
    })

  it("stores SQL in every string as the string it is", async () => {
    const project = await client.createProject("injections")
    const sent = injections.map((text, index) => ({
      ...event({
        event: text,
        userId: `${index}${text}`,
        properties: { [text]: text }
      }),
      messageId: `inj-${index}`
    }))
    const answer = await client.send(project, sent)
    expect(answer.status).toBe(200)
    const accounting = await client.settled(project)
    expect(accounting.balanced).toBe(true)
    for (const text of injections) {
      const answer = await client.query(project, {
        kind: "trends",
        range: "last_7d",
        interval: "none",
        filters: [{ property: "$event", op: "is", value: text }],
        series: [{ event: text, measure: "total" }]
      })
      expect(answer.status).toBeLessThan(500)
    }
    await alive()
  })

  it("answers properties as they were sent", () => sentAndAnswered(client), 60_000)

  it("survives anything fast-check can think of", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.jsonValue({ maxDepth: 4 }),
            fc.record(
              {
                type: fc.oneof(
                  fc.constantFrom("track", "identify", "alias"),
                  fc.jsonValue()
                ),
                event: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
                userId: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
                anonymousId: fc.jsonValue(),
                messageId: fc.oneof(fc.uuid(), fc.jsonValue()),
                timestamp: fc.oneof(fc.date({ noInvalidDate: true }), fc.jsonValue()),
                properties: fc.object(),
                context: fc.jsonValue()
              },
              { requiredKeys: [] }
            )
          ),
          { maxLength: 5 }
        ),
        async (events) => {
          const { status } = await post("/v1/batch", batch(...events))
          expect(status).toBeLessThan(500)
        }
      ),
      { numRuns: 150 }
    )
    const accounting = await client.settled(mine)
    expect(accounting.balanced).toBe(true)
    await alive()
  }, 120_000)
})

describe("hostile questions", () => {
  it("answers nonsense with 4xx that names the place", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            kind: fc.oneof(
              fc.constantFrom("trends", "funnel", "retention"),
              fc.jsonValue()
            ),
            range: fc.oneof(fc.constantFrom("last_7d", "today"), fc.jsonValue()),
            timezone: fc.oneof(fc.constantFrom("UTC", "Asia/Kolkata"), fc.string()),
            interval: fc.oneof(fc.constantFrom("day", "none"), fc.jsonValue()),
            series: fc.jsonValue(),
            steps: fc.jsonValue(),
            order: fc.constantFrom("ordered", "strict", "unordered"),
            windowSeconds: fc.oneof(fc.integer(), fc.double()),
            filters: fc.jsonValue(),
            periods: fc.integer()
          },
          { requiredKeys: ["kind"] }
        ),
        async (body) => {
          const { status } = await client.query(mine, body)
          expect(status).toBeLessThan(500)
        }
      ),
      { numRuns: 150 }
    )
    await alive()
  }, 120_000)

  it("takes SQL in every string of a question as a value", async () => {
    for (const text of [...injections, secret]) {
      const answer = await client.query(mine, {
        kind: "trends",
        range: "last_30d",
        interval: "day",
        filters: [{ property: text, op: "is", value: text }],
        series: [{ event: text, measure: "sum", property: text, name: "A" }],
        breakdown: [text]
      })
      expect(answer.status).toBeLessThan(500)
      expect(JSON.stringify(answer.body)).not.toContain("Exception")
    }
    await nothingLeaked()
  })

  it("refuses another project's keys and never shows its rows", async () => {
    const wrong = { ...mine, secretKey: other.writeKey }
    const question = { kind: "trends", range: "today", interval: "none", series: [] }
    expect((await client.query(wrong, question)).status).toBeOneOf([401, 403])
    expect(
      (await client.query({ ...mine, secretKey: "sk_none" }, question)).status
    ).toBe(401)
    const message = `${client.ingestion}/v1/messages/${secret}`
    expect((await client.call("GET", message, mine.secretKey)).status).toBe(404)
    expect((await client.call("GET", message, other.secretKey)).status).toBe(200)
    await nothingLeaked()
  })
})
