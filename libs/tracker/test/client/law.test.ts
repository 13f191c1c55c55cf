import { expect, it } from "bun:test"
import fc from "fast-check"
import { type Answer, World } from "./World.ts"

/** The service took it, or not; and the client heard so, or not. */
interface Course {
  readonly taken: boolean
  readonly answer: Answer
}

const course: fc.Arbitrary<Course> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ taken: true, answer: { status: 200 } }) },
  fc.constantFrom(
    { taken: true, answer: undefined },
    { taken: true, answer: { status: 502 } },
    { taken: false, answer: undefined },
    { taken: false, answer: { status: 503, headers: { "retry-after": "2" } } },
    { taken: false, answer: { status: 429 } },
    { taken: false, answer: { status: 413 } }
  )
)

it("delivers every event in order, and each under one id, whatever goes wrong", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(course, { maxLength: 9 }),
      fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      async (courses, pauses, flushAt) => {
        const world = new World()
        const left = [...courses]
        const stored = new Map<unknown, unknown>()
        world.answer = ({ events }) => {
          const { answer, taken } = left.shift() ?? {
            taken: true,
            answer: { status: 200 }
          }
          const isSingle = events.length === 1 && answer?.status === 413
          if (taken || isSingle)
            for (const event of events)
              if (!stored.has(event.messageId) && event.type === "track")
                stored.set(event.messageId, event.event)
          return isSingle ? { status: 200 } : answer
        }
        const client = world.client({ flushAt, retries: 20 })
        const made: Array<string> = []
        for (const pause of pauses) {
          made.push(`e${made.length}`)
          client.track(made.at(-1) ?? "", {}, { userId: "u" })
          await world.pass(pause)
        }
        const closed = client.close(3_600_000)
        await world.pass(3_599_000)
        await closed
        expect([...stored.values()]).toEqual(made)
        expect(world.troubles).toEqual([])
        expect(client.waiting()).toBe(0)
      }
    ),
    { numRuns: 60 }
  )
})
