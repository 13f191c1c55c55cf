import { describe, expect } from "bun:test"
import { fromTypedArray } from "@analytics/inference-protocol/TensorValues"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Context, Effect, Layer } from "effect"
import { dense, times } from "../support/models.ts"
import { type ServiceProcess, startService } from "../support/ServiceProcess.ts"

const swaps = 60
const clients = 64

/** One process for all tests of this file; the last of them ends it. */
class Service extends Context.Service<Service, ServiceProcess>()("test/Service") {
  static readonly layer = Layer.effect(
    Service,
    startService({ HTTP_DRAIN_TIMEOUT: "30 seconds" })
  ).pipe(Layer.provide(TestPostgres.layer))
}

interface Answer {
  readonly model_version: string
  readonly outputs: ReadonlyArray<{ readonly data: ReadonlyArray<number> }>
}

interface Version {
  readonly version: number
}

/** Version n of such a model answers n times what it is given; anything else throws. */
const infer = async (
  service: ServiceProcess,
  x: number,
  model = "moving"
): Promise<number> => {
  const inputs = [{ name: "x", datatype: "FP32", shape: [1, 2], data: [x, 1] }]
  const answer = (await service.ask(
    "POST",
    `/v2/models/${model}/infer`,
    JSON.stringify({ inputs })
  )) as Answer
  const by = Number(answer.model_version)
  const y = answer.outputs[0]?.data
  if (y?.[0] !== x * by || y[1] !== by)
    throw new Error(`version ${by} makes ${y} of ${[x, 1]}`)
  return by
}

/** The registry of one model, as whoever rolls versions out uses it. */
const registryOf = ({ ask }: ServiceProcess) => {
  const version = async (
    model: string,
    factor: number,
    batching = {}
  ): Promise<number> => {
    const artifact = (await ask("PUT", "/v1/artifacts", times(factor))) as {
      readonly sha256: string
    }
    const body = JSON.stringify({ artifact: artifact.sha256, batching })
    return ((await ask("POST", `/v1/models/${model}/versions`, body)) as Version)
      .version
  }
  const promote = (model: string, to: number, expected: number | null) =>
    ask(
      "PUT",
      `/v1/models/${model}/aliases/champion`,
      JSON.stringify({ version: to, expected })
    )
  const place = (verb: "load" | "unload", number: number) =>
    ask(
      "POST",
      `/v2/repository/models/moving/${verb}`,
      JSON.stringify({ parameters: { version: String(number) } })
    )
  return { version, promote, place }
}

/** Whoever rolls out: new versions, old ones again, loaded before and unloaded after. */
const roll = async (
  service: ServiceProcess,
  meanwhile: () => Promise<void>
): Promise<ReadonlyArray<number>> => {
  const { place, promote, version } = registryOf(service)
  const versions = [1, 2]
  let champion = 1
  for (let swap = 0; swap < swaps; swap++) {
    if (swap % 3 === 2) versions.push(await version("moving", versions.length + 1))
    const old = champion
    champion =
      swap % 3 === 2
        ? versions.length
        : (versions.find((one) => one !== old && (one + swap) % 2 === 0) ??
          (old === 1 ? 2 : 1))
    if (swap % 2 === 0) await place("load", champion)
    await promote("moving", champion, old)
    expect(await infer(service, 3)).toBe(champion)
    await meanwhile()
    if (swap % 2 === 0) await place("unload", champion)
    if (swap % 4 !== 3) continue
    await service.ask("POST", "/v1/models/moving/rollback")
    champion = old
    expect(await infer(service, 3)).toBe(champion)
    await promote("passing", await version("passing", 7), null)
    await service.ask("DELETE", "/v1/models/passing")
    await meanwhile()
  }
  return versions
}

const percentile = (values: ReadonlyArray<number>, part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0

const rolling = () => {
  const { effect } = withLayer(Service.layer)

  effect("no request fails while versions are swapped", () =>
    Effect.gen(function* () {
      const service = yield* Service
      yield* service.push("moving", times(1))
      const { version } = registryOf(service)
      yield* Effect.promise(() => version("moving", 2))

      const latencies: Array<number> = []
      const failures: Array<string> = []
      const seen = new Set<number>()
      let isOver = false
      const client = async (x: number) => {
        while (!isOver) {
          const before = performance.now()
          await infer(service, x).then(
            (by) => seen.add(by),
            (error) => failures.push(String(error))
          )
          latencies.push(performance.now() - before)
        }
      }
      /** Until every client has, on average, been answered five times more. */
      const meanwhile = async () => {
        const before = latencies.length
        while (latencies.length < before + 5 * clients) await Bun.sleep(1)
      }
      const asking = Array.from({ length: clients }, (_, x) => client(x))
      const versions = yield* Effect.promise(() =>
        roll(service, meanwhile).finally(() => {
          isOver = true
        })
      )
      yield* Effect.promise(() => Promise.all(asking))
      process.stdout.write(
        `${swaps} swaps of ${versions.length} versions: ${latencies.length} requests, ${failures.length} failed, p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms, slowest ${percentile(latencies, 1).toFixed(0)} ms\n`
      )
      expect(failures).toEqual([])
      expect([...seen].toSorted((a, b) => a - b)).toEqual([...versions])
    })
  )

  effect("SIGTERM lets end what was taken, and cuts no answer", () =>
    Effect.gen(function* () {
      const service = yield* Service
      const { promote, version } = registryOf(service)
      // Whoever asks this one waits for a second, so that its requests are under way.
      yield* Effect.promise(() => version("patient", 1, { window: 1000 }))
      yield* Effect.promise(() => promote("patient", 1, null))
      yield* service.push("steady", times(1))
      yield* service.push("large", dense(512, 3))
      const rows = new Float32Array(256 * 512).fill(0.5)
      const large = { inputs: [fromTypedArray("x", [256, 512], rows)] }

      let answers = 0
      const failures: Array<string> = []
      /** Asks until nobody listens any more. */
      const client = async (ask: () => Promise<unknown>) => {
        for (;;) {
          try {
            await ask()
            answers++
          } catch (error) {
            // A connection that was idle for the service is closed: it took no request.
            if (!/ECONNREFUSED|ECONNRESET/u.test(String(error)))
              failures.push(String(error))
            return
          }
        }
      }
      const more = async () => {
        const before = answers
        while (answers < before + 5 * clients) await Bun.sleep(1)
      }
      const asking = [
        ...Array.from({ length: clients }, (_, x) =>
          client(() => infer(service, x, "steady"))
        ),
        ...Array.from({ length: 4 }, () =>
          client(() => Effect.runPromise(service.client.infer("large", large)))
        )
      ]
      yield* Effect.promise(more)
      const taken = Promise.all(
        Array.from({ length: clients }, (_, x) => infer(service, x, "patient"))
      )
      yield* Effect.promise(more)
      process.kill(service.pid, "SIGTERM")
      expect(yield* Effect.promise(() => taken)).toEqual(Array(clients).fill(1))
      yield* Effect.promise(() => Promise.all(asking))
      expect(failures).toEqual([])
      expect(yield* Effect.promise(() => service.exited)).toBe(0)
      expect(service.log()).not.toContain("requests were cut off")
    })
  )
}

if (process.env["TEST_LONG"] === "1")
  describe("under 64 clients that never pause", rolling)
