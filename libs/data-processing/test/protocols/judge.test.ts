import { describe, expect, it } from "bun:test"
import { randomBytes } from "node:crypto"
import { gzipSync } from "node:zlib"
import { encodeLine } from "@analytics/data-processing/InboxEvent"
import { protocolRoutes } from "@analytics/data-processing/protocols/protocolRoutes"
import { anonymous } from "@analytics/data-processing/settings/Anonymous"
import { take } from "./take.ts"

const routeAt = (path: string) => {
  const route = protocolRoutes.find((each) => each.path === path)
  if (route === undefined) throw new Error(`no route ${path}`)
  return route
}

const large = { note: "x".repeat(20_000) }
const names = (count: number) => Array.from({ length: count }, (_, at) => `name${at}`)

const groups = (count: number) => ({
  user_id: "u-4242",
  event_type: "$groupidentify",
  groups: { company: names(count) },
  group_properties: { $set: large }
})

const amplitude = (...events: ReadonlyArray<unknown>) =>
  take(routeAt("/2/httpapi"), JSON.stringify({ api_key: "k", events }))

describe("an item that makes many events", () => {
  it("is all of them", () => {
    expect(amplitude(groups(50)).events).toHaveLength(50)
  })

  it("is refused before they would fill the memory", () => {
    const { events, rejected } = amplitude(groups(1000))
    expect(events).toHaveLength(0)
    expect(rejected[0]?.reason).toContain("1000 events")
  })

  it("is told apart by one id that is read once, however long it is", () => {
    const named = { ...groups(0), insert_id: "i".repeat(5_000), group_properties: {} }
    const { events } = amplitude({ ...named, groups: { company: names(500) } })
    const ids = events.map(({ m }) => m)
    expect(new Set(ids).size).toBe(500)
    expect(ids[7]).toBe(`${ids[0]}$group7`)
    const other = amplitude({
      ...named,
      insert_id: "j".repeat(5_000),
      groups: { a: "b" }
    })
    expect(ids).not.toContain(other.events[0]?.m ?? "")
  })

  it("has no more room than all of its request", () => {
    const { events, rejected } = amplitude(
      ...Array.from({ length: 20 }, () => groups(50))
    )
    expect(rejected[0]?.reason).toContain("smaller batches")
    expect(events.length % 50).toBe(0)
    const bytes = JSON.stringify(events).length
    expect(bytes).toBeGreaterThan(10_000_000)
    expect(bytes).toBeLessThan(17_000_000)
  })

  it("is kept aside where the answer can say nothing", () => {
    const merge = {
      event: "$merge",
      properties: { token: "k", $distinct_ids: names(1000), ...large }
    }
    const { answer, events } = take(routeAt("/track"), JSON.stringify([merge]))
    expect(events).toMatchObject([{ q: "malformed" }])
    expect(answer?.body).toBe("1")
  })

  it("says so when it is too long to be kept whole", () => {
    const long = { event: 7, properties: { token: "k", note: "x".repeat(70_000) } }
    const { events } = take(routeAt("/track"), JSON.stringify([long]))
    expect(events[0]?.qd).toMatch(/of 70\d{3} characters the first 65536 are kept$/)
  })
})

describe("what is malformed", () => {
  const wrong = (insertId?: string) =>
    take(
      routeAt("/track"),
      JSON.stringify([{ event: 7, properties: { token: "k", $insert_id: insertId } }])
    ).events[0]

  it("has the id that its client knows", () => {
    expect(wrong("mine")?.m).toBe("mine")
    expect(wrong("x".repeat(150))?.m).toHaveLength(40)
    expect(wrong()?.m).toMatch(/^[0-9a-f-]{36}$/)
  })

  it("cannot be parted from its person", () => {
    const event = wrong("mine")
    expect(event === undefined ? "no event" : anonymous(event)).toBeUndefined()
  })
})

describe("what is packed once more inside of a request", () => {
  const packed = (characters: number, isRandom: boolean) => {
    const note = isRandom
      ? randomBytes(characters / 2).toString("hex")
      : "x".repeat(characters)
    const event = { event: "E", distinct_id: "u", api_key: "k", properties: { note } }
    return gzipSync(JSON.stringify(event)).toString("base64")
  }
  const get = (data: string) =>
    routeAt("/e").read({
      method: "GET",
      path: "/e",
      query: new URLSearchParams({ data }),
      headers: new Headers(),
      body: "",
      bytes: 0
    })

  it("is measured as it is inside", () => {
    const { events } = take(routeAt("/e"), packed(30_000, true))
    expect(events).toMatchObject([{ e: "E" }])
    const { events: aside } = take(routeAt("/e"), packed(60_000, true))
    expect(aside).toMatchObject([{ q: "malformed" }])
    expect(aside[0]?.qd).toContain("larger than 32768 bytes")
  })

  it("is not unpacked to many times what came", () => {
    expect(get(packed(60_000, false))._tag).toBe("Reading")
    expect(get(packed(3_900_000, false))._tag).toBe("Unreadable")
  })
})

describe("an item that nests without end", () => {
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels)
  const requests = (levels: number): ReadonlyArray<readonly [string, string]> => {
    const described = `{"data":{"schema":"iglu:a/b/c/1","data":{"x":${deep(levels)}}}}`
    const x = `{"time":1,"distinct_id":"u-4242","x":${deep(levels)}}`
    const event_properties = `{"x":${deep(levels)}}`
    return [
      [
        "/com.snowplowanalytics.snowplow/tp2",
        JSON.stringify({ data: [{ e: "ue", ue_pr: described }] })
      ],
      ["/import", `[{"event":"a","properties":${x}}]`],
      ["/capture", `{"event":"a","distinct_id":"u","properties":${x}}`],
      [
        "/2/httpapi",
        `{"events":[{"event_type":"a","user_id":"u-4242","event_properties":${event_properties}}]}`
      ]
    ]
  }

  it.each(requests(1000))("is set aside by %s as it is", (path, body) => {
    const { events } = take(routeAt(path), body, {}, 256 * 1024)
    expect(events[0]?.q).toBe("nesting_too_deep")
  })

  it.each(requests(60_000))("is what %s can still write down", (path, body) => {
    const { events, rejected } = take(routeAt(path), body, {}, 256 * 1024)
    expect(rejected[0]?.reason ?? events[0]?.qd).toContain("16384 deep")
    expect(() => events.map(encodeLine)).not.toThrow()
  })
})
