import { expect, it } from "bun:test"
import { ExecutorLost, RunRefused } from "../../src/execution/Executors.ts"
import { Batcher } from "../../src/serving/Batcher.ts"
import type { BatcherOptions, RequestEnd } from "../../src/serving/batching.ts"
import { makeCheck, type RequestTensors } from "../../src/serving/RequestTensors.ts"
import { FakeExecutor } from "../support/FakeExecutor.ts"

const check = makeCheck({
  inputs: [{ name: "x", datatype: "UINT8", shape: [-1, -1] }],
  outputs: [{ name: "y", datatype: "UINT8", shape: [-1, -1] }]
})

const request = (
  values: ReadonlyArray<number>,
  width = 1,
  outputs?: ReadonlyArray<string>
): RequestTensors => {
  const bytes = Uint8Array.from(values)
  const checked = check(
    [{ name: "x", datatype: "UINT8", shape: [values.length / width, width], bytes }],
    outputs
  )
  if (typeof checked === "string") throw new Error(checked)
  return checked
}

const crash = new ExecutorLost({ reason: "crash", detail: "gone" })
const late = new ExecutorLost({ reason: "deadline", detail: "late" })
const refused = new RunRefused({ detail: "no" })

const make = (over: Partial<BatcherOptions> = {}) => {
  const fake = new FakeExecutor()
  const sizes: Array<number> = []
  const batcher = new Batcher(
    {
      maxRows: 4,
      window: 0,
      queueRows: 100,
      queueBytes: 1e6,
      queueTime: 60_000,
      soon: (callback) => callback(),
      ...over
    },
    { ran: ({ rows }) => sizes.push(rows), worked: () => {}, lost: () => {} }
  )
  const ends: Array<unknown> = []
  const ask = (asked: RequestTensors) => {
    const at = ends.push(undefined) - 1
    return batcher.submit(asked, (end) => {
      ends[at] = shown(end)
    })
  }
  return { ask, batcher, ends, fake, sizes }
}

const shown = (end: RequestEnd): unknown =>
  end._tag === "Answered" ? [...(end.outputs[0]?.bytes ?? [])] : end._tag

it("takes what is there at once, and joins what came meanwhile", () => {
  const { ask, batcher, ends, fake, sizes } = make()
  batcher.attach(fake.executor)
  ask(request([1]))
  expect(fake.pending).toEqual([[1]])
  for (const values of [[2], [3, 4], [5], [6]]) ask(request(values))
  expect(batcher.queuedRows).toBe(5)
  fake.finish()
  expect(ends).toEqual([[2], undefined, undefined, undefined, undefined])
  expect(fake.pending).toEqual([[2, 3, 4, 5]])
  fake.finish()
  fake.finish()
  expect(ends).toEqual([[2], [4], [6, 8], [10], [12]])
  expect(sizes).toEqual([1, 4, 1])
})

it("joins only what may run together", () => {
  const { ask, batcher, ends, fake } = make({ maxRows: 10 })
  ask(request([1]))
  ask(request([2, 3], 2))
  ask(request([4], 1, ["y"]))
  ask(request([5]))
  ask(request([6, 7], 2))
  ask(request([]))
  const seen: Array<ReadonlyArray<number>> = []
  batcher.attach(fake.executor)
  while (fake.runs.length > 0) {
    seen.push(...fake.pending)
    fake.finish()
  }
  expect(seen).toEqual([[1, 5], [2, 3, 6, 7], [4], []])
  expect(ends).toEqual([[2], [4, 6], [8], [10], [12, 14], []])
})

it("lets one that is larger than a run go alone, and waits for company if told to", async () => {
  const { ask, batcher, fake } = make({ window: 20 })
  batcher.attach(fake.executor)
  ask(request([1]))
  ask(request([2]))
  expect(fake.pending).toEqual([])
  ask(request([3, 4, 5, 6, 7]))
  // As many rows as a run may have: there is nothing left to wait for.
  expect(fake.pending).toEqual([[1, 2]])
  fake.finish()
  expect(fake.pending).toEqual([[3, 4, 5, 6, 7]])
})

it("fails the bad request alone", () => {
  const { ask, batcher, ends, fake } = make()
  for (const value of [1, 2, 3]) ask(request([value]))
  batcher.attach(fake.executor)
  expect(fake.pending).toEqual([[1, 2, 3]])
  fake.finish(refused)
  fake.finish()
  fake.finish(refused)
  fake.finish()
  expect(ends).toEqual([[2], "RunRefused", [6]])
})

it("runs again what was lost with its process, each alone and once", () => {
  const { ask, batcher, ends, fake } = make()
  for (const value of [1, 2, 3]) ask(request([value]))
  batcher.attach(fake.executor)
  fake.finish(crash)
  expect(ends).toEqual([undefined, undefined, undefined])
  batcher.attach(fake.executor)
  fake.finish()
  fake.finish(crash)
  batcher.attach(fake.executor)
  fake.finish()
  expect(ends).toEqual([[2], "ExecutorLost", [6]])
  ask(request([4]))
  fake.finish(crash)
  batcher.attach(fake.executor)
  fake.finish()
  expect(ends[3]).toEqual([8])
})

it("tries no run again that does not end", () => {
  const { ask, batcher, ends, fake } = make()
  batcher.attach(fake.executor)
  ask(request([1]))
  fake.finish(late)
  expect(ends).toEqual(["ExecutorLost"])
})

it("drops what nobody waits for, and is drained when nothing is left", async () => {
  const { ask, batcher, ends, fake } = make()
  batcher.attach(fake.executor)
  ask(request([1]))
  const waiting = ask(request([2]))
  ask(request([3]))
  if (waiting._tag === "Waiting") batcher.drop(waiting)
  let drained = false
  const end = batcher.drained().then(() => {
    drained = true
  })
  fake.finish()
  expect(fake.pending).toEqual([[3]])
  await Promise.resolve()
  expect(drained).toBe(false)
  fake.finish()
  await end
  expect(ends).toEqual([[2], undefined, [6]])
})

it("bounds rows and bytes, and says when to come again", () => {
  const { ask, batcher, fake } = make({ queueRows: 3, queueBytes: 1000 })
  batcher.attach(fake.executor)
  ask(request([1]))
  ask(request([1, 2]))
  expect(ask(request([3, 4]))).toMatchObject({ _tag: "QueueFull", retryAfter: 1 })
  expect(ask(request([3]))).toMatchObject({ _tag: "Waiting" })
  const narrow = make({ queueBytes: 2 })
  narrow.ask(request([1, 2]))
  expect(narrow.ask(request([3]))).toMatchObject({ _tag: "QueueFull" })
})

it("gives up what waits too long", async () => {
  const { ask, batcher, ends } = make({ queueTime: 1 })
  ask(request([1]))
  await batcher.drained()
  expect(ends).toEqual(["Overdue"])
  ask(request([2]))
  batcher.failAll({ _tag: "Unavailable" })
  expect(ends).toEqual(["Overdue", "Unavailable"])
})

it("gives up what waits too long to be run again", async () => {
  const { ask, batcher, ends, fake } = make({ queueTime: 5 })
  batcher.attach(fake.executor)
  ask(request([1]))
  // Nothing waits when this sees to it.
  await Bun.sleep(20)
  fake.finish(crash)
  await batcher.drained()
  expect(ends).toEqual(["Overdue"])
})

it("joins nothing more of a model whose outputs have no row for each of the inputs", () => {
  const { ask, batcher, ends, fake } = make()
  for (const value of [1, 2]) ask(request([value]))
  batcher.attach(fake.executor)
  const whole = {
    _tag: "Outputs",
    outputs: [{ name: "y", datatype: "UINT8", shape: [1, 1], bytes: Uint8Array.of(9) }],
    took: 1
  } as const
  fake.finish(whole)
  expect(fake.pending).toEqual([[1]])
  fake.finish(whole)
  fake.finish(whole)
  expect(ends).toEqual([[9], [9]])
  ask(request([3]))
  ask(request([4]))
  ask(request([5]))
  fake.finish()
  expect(fake.pending).toEqual([[4]])
})
