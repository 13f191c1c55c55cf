import { describe, expect, it } from "bun:test"
import { Admission } from "../../src/receive/Admission.ts"

const limits = {
  maxPendingBytes: 1000,
  maxProjectPendingBytes: 600,
  projectEventsPerSecond: 10,
  maxProjectBacklog: 100
}
const admit = (
  admission: Admission,
  project: number,
  bytes: number,
  events = 1,
  now = 0
) => {
  const verdict = admission.admit(project, events, bytes, "live", now)
  return verdict._tag === "Admitted" ? verdict.lane : verdict.seconds
}

describe("Admission", () => {
  it("sends who is over its rate into the bulk lane, until it has rested", () => {
    const admission = new Admission(limits)
    expect(admit(admission, 1, 1, 100)).toBe("live")
    expect(admit(admission, 1, 1, 1)).toBe("bulk")
    expect(admit(admission, 2, 1, 1)).toBe("live")
    expect(admit(admission, 1, 1, 10, 1000)).toBe("live")
    expect(admit(admission, 1, 1, 1, 1000)).toBe("bulk")
    expect(admit(admission, 1, 1, 100, 60_000)).toBe("live")
    expect(admit(admission, 1, 1, 1, 60_000)).toBe("bulk")
  })

  it("leaves imports in the lane they asked for", () => {
    const verdict = new Admission(limits).admit(1, 1, 1, "bulk", 0)
    expect(verdict).toEqual({ _tag: "Admitted", lane: "bulk" })
  })

  it("delays who holds too much memory, and nobody else", () => {
    const admission = new Admission(limits)
    expect(admit(admission, 1, 600)).toBe("live")
    expect(admit(admission, 1, 1)).toBe(1)
    expect(admit(admission, 2, 300)).toBe("live")
    // Memory is short now: whoever has less than a share may still come in.
    expect(admit(admission, 2, 300)).toBe(1)
    expect(admit(admission, 3, 300)).toBe("live")
    admission.release(1, 600)
    expect(admit(admission, 1, 600)).toBe("live")
  })

  it("takes a single request that is larger than a share, but has an end", () => {
    const admission = new Admission(limits)
    expect(admit(admission, 1, 900)).toBe("live")
    expect(admit(admission, 2, 900)).toBe("live")
    expect(admit(admission, 3, 900)).toBe(1)
  })

  it("delays who has too many events waiting for the loader", () => {
    const admission = new Admission(limits)
    admission.watch(new Map([[1, 100]]), 0)
    expect(admit(admission, 1, 1)).toBe(5)
    expect(admit(admission, 2, 1)).toBe("live")
    admission.watch(new Map([[1, 99]]), 0)
    expect(admit(admission, 1, 1)).toBe("live")
  })

  it("lets a count of the backlog grow old", () => {
    const admission = new Admission(limits)
    admission.watch(new Map([[1, 100]]), 0)
    expect(admit(admission, 1, 1, 1, 29_999)).toBe(5)
    expect(admit(admission, 1, 1, 1, 30_000)).toBe("live")
  })

  it("has no body read that would not be admitted", () => {
    const admission = new Admission(limits)
    const read = (project: number, bytes: number) =>
      admission.read(project, bytes, 0)?.seconds
    admission.watch(new Map([[1, 100]]), 0)
    expect(read(1, 1)).toBe(5)
    admit(admission, 2, 700)
    expect(read(2, 1)).toBe(1)
    expect(read(3, 1)).toBeUndefined()
  })

  it("bounds the bodies that are read, of each and of all", () => {
    const admission = new Admission(limits)
    const read = (project: number, bytes: number) =>
      admission.read(project, bytes, 0)?.seconds
    expect(read(4, 600)).toBeUndefined()
    expect(read(4, 1)).toBe(1)
    expect(read(1, 600)).toBeUndefined()
    expect(read(1, 1)).toBe(1)
    expect(read(2, 600)).toBeUndefined()
    expect(read(3, 600)).toBe(1)
    admission.readEnded(4, 600)
    expect(read(3, 600)).toBeUndefined()
    expect(read(4, 600)).toBe(1)
    admission.readEnded(1, 600)
    expect(read(4, 600)).toBeUndefined()
  })

  it("lets a stranger hold up itself, and neither others nor projects", () => {
    const admission = new Admission(limits)
    const sends = (network: string, bytes: number) =>
      admission.readStranger(network, bytes)
    for (let at = 0; at < 3; at++) expect(sends("a", 100)).toBe(true)
    expect(sends("a", 1)).toBe(false)
    // Memory is short now, and half of it is each one's.
    expect(sends("b", 100)).toBe(true)
    expect(sends("b", 50)).toBe(true)
    expect(sends("b", 1)).toBe(false)
    expect(sends("c", 100)).toBe(true)
    // All of them hold no more than one project may.
    expect(sends("d", 51)).toBe(false)
    expect(sends("d", 50)).toBe(true)
    expect(admission.read(1, 600, 0)).toBeUndefined()
    admission.strangerEnded("a", 300)
    expect(sends("a", 50)).toBe(true)
  })

  it("remembers the projects that sent last", () => {
    const admission = new Admission(limits)
    admit(admission, 1, 1, 100)
    admit(admission, 2, 1, 100)
    for (let project = 3; project < 10_002; project++) {
      admit(admission, project, 1, 1)
      admission.release(project, 1)
    }
    expect(admit(admission, 2, 1, 1)).toBe("bulk")
    expect(admit(admission, 1, 1, 1)).toBe("live")
  })
})
