import { expect } from "bun:test"
import fc from "fast-check"
import type { Client } from "./Client.ts"

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Integers that no double holds, which are sent as digits below. */
const hasInexact = (value: unknown): boolean =>
  typeof value === "number"
    ? Number.isInteger(value) && !Number.isSafeInteger(value)
    : typeof value === "object" &&
      value !== null &&
      Object.values(value).some(hasInexact)

/** A property that is null is absent; in a list it is an element. */
const withoutNulls = (object: Members): Members =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]): Array<[string, unknown]> => {
      if (value === null) return []
      if (!isMembers(value) || Object.keys(value).length === 0) return [[name, value]]
      const rest = withoutNulls(value)
      return Object.keys(rest).length === 0 ? [] : [[name, rest]]
    })
  )

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const properties = fc
  .dictionary(
    fc.oneof(fc.string(), fc.constantFrom("a", "a.b", "a\\", ".", "__proto__", "")),
    fc.jsonValue({ maxDepth: 3 }),
    { maxKeys: 6 }
  )
  .filter((object) => !hasInexact(object))

/** Sends events of any properties, and expects the kind `events` to answer those. */
export const sentAndAnswered = async (client: Client): Promise<void> => {
  const project = await client.createProject("sent and answered")
  const drawn = fc.sample(properties, 80)
  const sent = drawn.map((object, index) => ({
    type: "track",
    event: "e",
    userId: "u",
    messageId: `m${index}`,
    properties: object
  }))
  expect(await client.send(project, sent)).toMatchObject({ body: { rejected: [] } })
  const digits = ["9007199254740993", "-9223372036854775808", "18446744073709551615"]
  const response = await fetch(`${client.ingestion}/v1/batch`, {
    method: "POST",
    body: `{"batch":[{"type":"page","anonymousId":"a","messageId":"big","properties":
      {"of":[${digits.join()}],"id":${digits[0]},"exact":9007199254740991}}]}`,
    headers: { authorization: `Bearer ${project.writeKey}` },
    signal: AbortSignal.timeout(20_000)
  })
  expect(response.status).toBe(200)
  await client.settled(project)

  const answer = await client.query(project, { kind: "events", limit: 1000 })
  expect(answer.status).toBe(200)
  const { events } = (answer.body as { result: { events: ReadonlyArray<Members> } })
    .result
  const found = new Map(events.map((event) => [event["messageId"], event]))
  expect(found.size).toBe(sent.length + 1)
  drawn.forEach((object, index) => {
    expect(found.get(`m${index}`)?.["properties"]).toEqual(
      asJson(withoutNulls(object as Members))
    )
  })
  expect(found.get("big")).toMatchObject({
    event: "$pageview",
    type: "page",
    userId: null,
    anonymousId: "a",
    properties: { of: digits, id: digits[0], exact: 9007199254740991 }
  })
}
