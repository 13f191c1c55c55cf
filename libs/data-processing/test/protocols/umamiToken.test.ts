import { describe, expect, it } from "bun:test"
import { type Circumstances, MINUTE, NOW, page, SITE, send } from "./umamiRequests.ts"

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

describe("the cache token of Umami", () => {
  const first = send(page)

  it("comes with the ids of session and visit", () => {
    expect(first.said.sessionId).toMatch(uuid)
    expect(first.said.visitId).toMatch(uuid)
    expect(first.said.sessionId.replaceAll("-", "")).toBe(first.events[0]?.a)
    expect(first.events[0]?.c?.["sessionId"]).toBe(first.said.visitId)
    expect(first.said.cache).toMatch(/^[\w.-]{90,100}$/)
  })

  it("keeps a visitor whose address changes", () => {
    const moved = { ip: "198.51.100.9", cache: first.said.cache }
    expect(send(page, { ip: moved.ip }).events[0]?.a).not.toBe(first.events[0]?.a)
    const kept = send(page, moved)
    expect(kept.events[0]?.a).toBe(first.events[0]?.a ?? "")
    expect(kept.said.visitId).toBe(first.said.visitId)
  })

  it("may be the whole answer, as older scripts send it back", () => {
    const moved = { ip: "198.51.100.9", cache: JSON.stringify(first.said) }
    expect(send(page, moved).events[0]?.a).toBe(first.events[0]?.a ?? "")
  })

  it("begins another visit after half an hour of nothing", () => {
    let { cache } = first.said
    for (const minutes of [20, 45, 70]) {
      const kept = send(page, { at: NOW + minutes * MINUTE, cache })
      expect(kept.said.visitId).toBe(first.said.visitId)
      cache = kept.said.cache
    }
    const later = send(page, { at: NOW + 101 * MINUTE, cache })
    expect(later.events[0]?.a).toBe(first.events[0]?.a ?? "")
    expect(later.said.visitId).not.toBe(first.said.visitId)
  })

  it("is worth nothing tomorrow, for another site, in another project, or changed", () => {
    const elsewhere = { ip: "198.51.100.9", cache: first.said.cache }
    const own = (payload: object, more: Circumstances) =>
      send(payload, { ...elsewhere, ...more }).events[0]?.a
    const name = first.events[0]?.a
    expect(own(page, {})).toBe(name ?? "")
    expect(own(page, { at: NOW + 86_400_000 })).not.toBe(name)
    expect(own(page, { projectId: 2 })).not.toBe(name)
    expect(own({ ...page, website: "other" }, {})).not.toBe(name)
    const read: string = first.said.cache
    for (let at = 0; at < read.length; at++) {
      const other = read[at] === "0" ? "1" : "0"
      const cache = `${read.slice(0, at)}${other}${read.slice(at + 1)}`
      const given = send(page, { ...elsewhere, cache })
      expect(given.events[0]?.a).toBe(
        send(page, { ip: elsewhere.ip }).events[0]?.a ?? ""
      )
    }
  })

  it("is not made by asking for a visitor whose site looks like one", () => {
    const body = `${"0".repeat(32)}.${NOW}.${NOW}`
    const asked = [
      { website: `\0umami cache\0${SITE}\0${body}`, ip: "", userAgent: "" },
      { website: "", ip: `umami cache\0${SITE}\0${body}`, userAgent: "" },
      { website: "", ip: "umami cache", userAgent: `${SITE}\0${body}\0` }
    ]
    for (const payload of asked) {
      const { said } = send(payload, { ip: "", userAgent: "" })
      const seal = said.sessionId.replaceAll("-", "")
      expect(send(page, { cache: `${body}.${seal}` }).events[0]?.a).not.toBe(
        "0".repeat(32)
      )
    }
  })

  it("does not name those of whom a server speaks", () => {
    const spoken = { ...page, ip: "192.0.2.1", userAgent: "B" }
    const { cache } = first.said
    expect(send(spoken, { cache }).events[0]?.a).toBe(send(spoken).events[0]?.a ?? "")
  })
})
