import { describe, expect, it } from "bun:test"
import { vendors } from "@analytics/data-processing/import/vendors"
import { posthogEvents } from "@analytics/data-processing/protocols/posthogEvent"
import { parquet, parquetMetadata } from "@analytics/data-processing/readers/parquet"
import { row } from "@analytics/data-processing/readers/Row"
import { parquetWriteBuffer } from "hyparquet-writer"

const mapped = (fields: Record<string, unknown>) =>
  vendors.posthog.toEvent(row(7, fields), "file")

const properties = {
  $device_id: "0195f2a0-0000-7000-8000-00000000000a",
  $current_url: "https://x.test/a",
  $set: { plan: "pro" },
  big: 1
}
const line = {
  uuid: "0195f2a0-0000-7000-8000-000000000001",
  event: "$pageview",
  distinct_id: "u1",
  person_id: "0195f2a0-0000-7000-8000-0000000000ff",
  person_properties: { plan: "pro", old: true },
  elements_chain: "",
  timestamp: "2026-03-01T10:00:00.123Z",
  created_at: "2026-03-01T10:00:01.000Z",
  _inserted_at: "2026-03-01T10:00:02.000Z"
}

describe("a row of PostHog's events", () => {
  it("is the event that came live, with its ids", () => {
    const live = posthogEvents(
      { ...line, properties },
      { receivedAt: 0, visitor: () => "" },
      { historical: true }
    )
    if (!("length" in live)) throw new Error("one event")
    const { events } = mapped({ ...line, properties })
    expect(events).toEqual(live.map(({ fields, type }) => ({ type, ...fields })))
    expect(events?.map((event) => "messageId" in event && event.messageId)).toEqual([
      line.uuid,
      `${line.uuid}$set`
    ])
  })

  it("is the same where a table holds objects as text", () => {
    expect(mapped({ ...line, properties: JSON.stringify(properties) })).toEqual(
      mapped({ ...line, properties })
    )
  })

  it("is the same in Parquet", async () => {
    const columns = {
      ...line,
      properties: JSON.stringify(properties),
      person_properties: JSON.stringify(line.person_properties)
    }
    const buffer = parquetWriteBuffer({
      columnData: Object.entries(columns).map(([name, text]) => {
        const isTime = /timestamp|_at$/.test(name)
        const data = [isTime ? new Date(text) : text]
        return { name, data, type: isTime ? "TIMESTAMP" : "STRING" }
      })
    })
    const file = {
      byteLength: buffer.byteLength,
      slice: (start: number, end?: number) => buffer.slice(start, end)
    }
    const [block] = await Array.fromAsync(parquet(file, await parquetMetadata(file), 0))
    const [read] = block?.rows ?? []
    if (read?._tag !== "Row") throw new Error("no row")
    expect(vendors.posthog.toEvent(read, "file")).toEqual(
      mapped({ ...line, properties })
    )
  })

  it("is the same in the answer of the API", () => {
    const { uuid, ...rest } = line
    const api = { ...rest, id: uuid, person: {}, properties }
    expect(mapped(api)).toEqual(mapped({ ...line, properties }))
  })

  it("has back what PostHog took out of it", () => {
    const { event } = mapped({
      ...line,
      event: "$autocapture",
      properties: {},
      elements_chain: "a:text",
      ip: "203.0.113.7",
      site_url: "https://p.test"
    })
    expect(event).toMatchObject({
      type: "track",
      properties: {
        $elements_chain: "a:text",
        $ip: "203.0.113.7",
        site_url: "https://p.test"
      },
      context: { ip: "203.0.113.7" }
    })
  })

  it("has its place as id where it brings none", () => {
    const { uuid, ...rest } = line
    expect(mapped({ ...rest, properties: {} }).event).toMatchObject({
      messageId: "file-7"
    })
  })

  it.each([
    ["timestamp", { ...line, timestamp: undefined }],
    ["properties", { ...line, properties: "{" }],
    ["distinct_id", { ...line, distinct_id: null }],
    ["event", { ...line, event: 7 }]
  ])("is skipped without %s", (field, fields) => {
    expect(mapped(fields).reason).toContain(field)
  })
})

describe("a row of PostHog's persons", () => {
  const person = {
    team_id: 1,
    person_id: "p1",
    distinct_id: "d1",
    properties: { plan: "pro" },
    created_at: "2026-01-01T00:00:00.000Z",
    is_deleted: false
  }

  it("says what is known by an id, and whose it is", () => {
    expect(mapped(person).events).toEqual([
      {
        type: "identify",
        userId: "d1",
        messageId: "p1/d1",
        timestamp: person.created_at,
        traits: { plan: "pro" }
      },
      {
        type: "alias",
        userId: "p1",
        previousId: "d1",
        messageId: "p1/d1$alias",
        timestamp: person.created_at
      }
    ])
  })

  it("is skipped when the person was deleted, or has no id", () => {
    expect(mapped({ ...person, is_deleted: true }).reason).toContain("deleted")
    expect(mapped({ ...person, distinct_id: "" }).reason).toContain("distinct_id")
  })
})
