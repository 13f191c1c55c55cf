import { describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Topology } from "@analytics/database/Topology"
import { Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { CohortId } from "../../src/cohorts/Cohort.ts"
import { MemberRepo } from "../../src/cohorts/MemberRepo.ts"
import { ProjectId } from "../../src/projects/Project.ts"

const change = {
  projectId: ProjectId.make(1),
  cohort: CohortId.make("018f2a6c-0000-7000-8000-000000000001"),
  idHashes: [1n],
  changedAt: 0n,
  isMember: true
}
const away = Effect.fail(
  new ClickHouseError({ kind: "transient", reason: "no answer", queryId: "q" })
)

/** Whether a change has failed, after each of these seconds, of an insert nobody heard of. */
const endedAfter = (seconds: ReadonlyArray<number>, stoppedAtAttempt: number) => {
  let attempts = 0
  const store = Layer.mock(ClickHouse)({
    topology: new Topology(),
    insert: () => away,
    killAndWait: () =>
      Effect.suspend(() => (++attempts < stoppedAtAttempt ? away : Effect.void))
  })
  return Effect.runPromise(
    Effect.gen(function* () {
      const members = yield* MemberRepo
      const recording = yield* Effect.forkChild(Effect.exit(members.record(change)))
      const ended: Array<boolean> = []
      for (const each of seconds) {
        yield* TestClock.adjust(`${each} seconds`)
        ended.push(recording.pollUnsafe() !== undefined)
      }
      const exit = yield* Fiber.join(recording)
      return [...ended, exit._tag]
    }).pipe(
      Effect.provide(MemberRepo.layer.pipe(Layer.provide(store))),
      Effect.provide([TestClock.layer(), Logger.layer([])])
    )
  )
}

describe("a change of a list whose insert nobody heard of", () => {
  it("has ended once the insert is known not to run", async () => {
    expect(await endedAfter([1, 1], 3)).toEqual([false, true, "Failure"])
  })

  it("has not ended before the insert's own limit of time", async () => {
    expect(await endedAfter([9, 1], 1000)).toEqual([false, true, "Failure"])
  })
})
