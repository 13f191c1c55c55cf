import { expect, it } from "bun:test"
import * as fc from "fast-check"
import { ExecutorLost, type RunEnd, RunRefused } from "../../src/execution/Executors.ts"
import { Batcher } from "../../src/serving/Batcher.ts"
import type { RequestEnd, Waiting } from "../../src/serving/batching.ts"
import { makeCheck, type RequestTensors } from "../../src/serving/RequestTensors.ts"
import { FakeExecutor } from "../support/FakeExecutor.ts"

const check = makeCheck({
  inputs: [{ name: "x", datatype: "UINT8", shape: [-1, -1] }],
  outputs: [{ name: "y", datatype: "UINT8", shape: [-1, -1] }]
})

const requestOf = (values: ReadonlyArray<number>, width: number): RequestTensors => {
  const bytes = Uint8Array.from(values)
  const shape = [values.length / width, width]
  const checked = check([{ name: "x", datatype: "UINT8", shape, bytes }], undefined)
  if (typeof checked === "string") throw new Error(checked)
  return checked
}

const queueRows = 12
const queueBytes = 40

/** What a run comes to; undefined: the right answer. */
const runEnds: Readonly<Record<string, RunEnd | undefined>> = {
  right: undefined,
  refused: new RunRefused({ detail: "no" }),
  crash: new ExecutorLost({ reason: "crash", detail: "gone" }),
  late: new ExecutorLost({ reason: "deadline", detail: "late" }),
  whole: {
    _tag: "Outputs",
    outputs: [{ name: "y", datatype: "UINT8", shape: [1, 1], bytes: Uint8Array.of(9) }],
    took: 1
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant("ask" as const), fc.nat(6), fc.nat(1)) },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constant("end" as const),
      fc.nat(9),
      fc.constantFrom(...Object.keys(runEnds))
    )
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant("drop" as const), fc.nat(99)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("attach" as const)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("turn" as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("fail" as const, "alone" as const)) }
)

interface Asked {
  readonly waiting: Waiting
  readonly ends: Array<RequestEnd>
  dropped: boolean
}

/** A batcher with everything around it, which does what it is told to. */
class World {
  readonly asked: Array<Asked> = []
  readonly executors: Array<FakeExecutor> = []
  #soon: Array<() => void> = []
  #next = 0
  readonly batcher = new Batcher(
    {
      maxRows: 5,
      window: 0,
      queueRows,
      queueBytes,
      queueTime: 600_000,
      soon: (callback) => this.#soon.push(callback)
    },
    {
      ran: () => {},
      worked: () => {},
      lost: (executor) => {
        const at = this.executors.findIndex((it) => it.executor === executor)
        this.executors.splice(at, 1)
        this.batcher.detach(executor)
      }
    }
  )

  ask(rows: number, width: number): boolean {
    const values = Array.from({ length: rows * width }, () => this.#next++ % 128)
    const ends: Array<RequestEnd> = []
    const waiting = this.batcher.submit(requestOf(values, width), (end) =>
      ends.push(end)
    )
    if (waiting._tag === "Waiting") this.asked.push({ waiting, ends, dropped: false })
    return waiting._tag === "Waiting"
  }

  turn(): void {
    for (const callback of this.#soon.splice(0)) callback()
  }

  attach(): void {
    const fake = new FakeExecutor()
    this.executors.push(fake)
    this.batcher.attach(fake.executor)
  }

  end(which: number, how: string): void {
    const busy = this.executors.filter(({ runs }) => runs.length > 0)
    busy[which % Math.max(1, busy.length)]?.finish(runEnds[how])
  }

  drop(which: number): void {
    const it = this.asked[which % Math.max(1, this.asked.length)]
    if (it === undefined || it.dropped || it.ends.length > 0) return
    it.dropped = true
    this.batcher.drop(it.waiting)
  }

  do(it: typeof step extends fc.Arbitrary<infer A> ? A : never): void {
    if (it[0] === "ask") this.ask(it[1], it[2] + 1)
    else if (it[0] === "end") this.end(it[1], it[2])
    else if (it[0] === "drop") this.drop(it[1])
    else if (it[0] === "attach") {
      if (this.executors.length < 3) this.attach()
    } else if (it[0] === "turn") this.turn()
    else if (it[0] === "fail") this.batcher.failAll({ _tag: "Unavailable" })
    else this.batcher.runAlone()
  }

  /** What is in the queue by what was seen from outside. */
  get queued(): ReadonlyArray<Asked> {
    const running = new Set(
      this.executors.flatMap(({ runs }) =>
        runs.flatMap(({ inputs }) => inputs.flatMap(({ parts }) => parts))
      )
    )
    return this.asked.filter(
      ({ dropped, ends, waiting: { request } }) =>
        !dropped &&
        ends.length === 0 &&
        !request.inputs.some(({ bytes }) => running.has(bytes))
    )
  }

  check(): void {
    const rows = this.queued.map(({ waiting: { request } }) =>
      Math.max(1, request.rows)
    )
    expect(this.batcher.queuedRows).toBe(rows.reduce((all, it) => all + it, 0))
    for (const { ends } of this.asked) expect(ends.length).toBeLessThan(2)
    for (const { runs } of this.executors)
      for (const { inputs } of runs) {
        const [size = 0] = inputs[0]?.shape ?? []
        if ((inputs[0]?.parts.length ?? 0) > 1) expect(size).toBeLessThanOrEqual(5)
      }
  }
}

it("answers each request once and its own rows, and counts back to nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new World()
      for (const it of steps) {
        world.do(it)
        world.check()
      }
      world.turn()
      // Nobody waits while an executor is free.
      if (world.queued.length > 0)
        for (const { runs } of world.executors) expect(runs.length).toBe(1)
      if (world.executors.length === 0) world.attach()
      for (
        let n = 0;
        n < 200 && world.executors.some((it) => it.runs.length > 0);
        n++
      ) {
        world.end(0, "right")
        world.turn()
        world.check()
      }
      await world.batcher.drained()
      for (const { dropped, ends, waiting } of world.asked) {
        if (!dropped) expect(ends.length).toBe(1)
        const [end] = ends
        if (end?._tag !== "Answered") continue
        const [y] = end.outputs
        const given = waiting.request.inputs[0]?.bytes ?? new Uint8Array()
        const right = [...given].map((it) => 2 * it)
        if (y?.bytes.byteLength !== 1 || y.bytes[0] !== 9)
          expect([...(y?.bytes ?? [])]).toEqual(right)
      }
      // Of bytes too: exactly as many as there may be find room.
      expect(world.batcher.queuedRows).toBe(0)
      expect(world.ask(1, queueBytes - 1)).toBe(true)
      expect(world.ask(1, 1)).toBe(true)
      expect(world.ask(1, 1)).toBe(false)
    }),
    { numRuns: 150 }
  )
})
