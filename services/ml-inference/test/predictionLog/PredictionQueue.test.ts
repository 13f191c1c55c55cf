import { expect, it } from "bun:test"
import fc from "fast-check"
import { type Lane, PredictionQueue } from "../../src/predictionLog/PredictionQueue.ts"

const offers = fc.record({
  project: fc.integer({ min: 1, max: 3 }),
  size: fc.integer({ min: 1, max: 40 })
})

it("keeps the order of each project and its bounds, and forgets nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.option(offers), { maxLength: 200 }), (steps) => {
      const bounds = { events: 20, bytes: 200 }
      const queue = new PredictionQueue(bounds, { events: 4, bytes: 60 })
      const lanes: Array<Lane> = []
      const wanted = new Map<number, Array<string>>()
      const got = new Map<number, Array<string>>()
      let held = 0
      let n = 0
      const takeOne = () => {
        const lane = lanes.shift()
        if (lane === undefined) return
        const batch = queue.take(lane)
        if (batch === undefined) return
        lanes.push(lane)
        expect(batch.events.length).toBeLessThanOrEqual(4)
        expect(batch.bytes <= 60 || batch.events.length === 1).toBe(true)
        got.set(lane.projectId, [...(got.get(lane.projectId) ?? []), ...batch.events])
        held -= batch.bytes
        queue.settle(lane.projectId, batch)
      }
      for (const step of steps) {
        if (step === null) takeOne()
        else {
          const event = `${n++}`.padEnd(step.size, "é")
          const lane = queue.offer(step.project, event)
          if (lane === "full") continue
          if (lane !== "taken") lanes.push(lane)
          held += Buffer.byteLength(event)
          wanted.set(step.project, [...(wanted.get(step.project) ?? []), event])
        }
        expect(queue.size).toBeLessThanOrEqual(bounds.events)
        expect(held).toBeLessThanOrEqual(bounds.bytes)
      }
      while (lanes.length > 0) takeOne()
      expect(got).toEqual(wanted)
      expect(queue.size).toBe(0)
      // There is room for everybody again.
      expect(queue.offer(1, "x")).not.toBe("full")
    })
  )
})
