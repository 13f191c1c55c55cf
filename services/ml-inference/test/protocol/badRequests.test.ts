import { describe, expect } from "bun:test"
import { connect } from "node:net"
import { fromTypedArray } from "@analytics/inference-protocol/TensorValues"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect } from "effect"
import { everyDatatype, identity } from "../support/models.ts"
import { type ServiceProcess, startService } from "../support/ServiceProcess.ts"
import { type BadRequest, makeBadRequests } from "./badRequests.ts"

const isLong = process.env["TEST_LONG"] === "1"
const requests = isLong ? 50_000 : 1500
/** Before the memory is looked at first: what is compiled and cached is in by then. */
const warmUp = isLong ? 10_000 : 500
const clients = 16
const MIB = 1024 * 1024

const seedText = process.env["TEST_SEED"] ?? "20261123"
const seed = seedText === "random" ? Date.now() % 2 ** 31 : Number(seedText)

/** What is wrong with an answer, if anything. */
const faultOf = async (response: Response): Promise<string | undefined> => {
  const text = await response.text()
  if (response.status === 200) return undefined
  if (response.status < 400 || response.status > 499)
    return `${response.status} ${text.slice(0, 300)}`
  if (response.headers.get("content-type") !== "application/json") return "no JSON"
  const body: unknown = JSON.parse(text)
  const isForm =
    typeof body === "object" &&
    body !== null &&
    Object.keys(body).join() === "error" &&
    typeof Reflect.get(body, "error") === "string"
  return isForm ? undefined : text.slice(0, 300)
}

/** A body that ends before it is as long as it said; nobody is there for the answer. */
const breakOff = (url: string, head: string): Promise<void> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () =>
      socket.write(head, () => socket.destroy())
    )
    socket.on("close", () => resolve())
    socket.on("error", () => {})
  })

/** Sends `count` requests that fail; gives the faults of answers, and what was answered. */
const sendBad = async (
  { authorization, query, url }: ServiceProcess,
  next: () => BadRequest,
  count: number,
  statuses: Map<number, number>
): Promise<ReadonlyArray<string>> => {
  const faults: Array<string> = []
  let failed = 0
  const work = async (): Promise<void> => {
    while (failed < count) {
      const { body, headers, method, path } = next()
      const response = await fetch(`${url}${path}${query}`, {
        method,
        body,
        headers: { authorization, ...headers }
      })
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      if (response.status !== 200) failed++
      const fault = await faultOf(response)
      if (fault !== undefined)
        faults.push(
          `${method} ${path} ${JSON.stringify(headers)} ${Buffer.from(body).toString("latin1").slice(0, 500)}: ${fault}`
        )
      if (failed % 200 === 0)
        await breakOff(
          url,
          `POST /v2/models/all/infer${query} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 1000\r\n\r\n{"inputs":[`
        )
    }
  }
  await Promise.all(Array.from({ length: clients }, work))
  return faults
}

describe("requests that are wrong", () => {
  const { effect } = withLayer(TestPostgres.layer)

  effect(`are told so, ${requests} of them, and leave the service as it was`, () =>
    Effect.scoped(
      Effect.gen(function* () {
        const service = yield* startService({ ML_MAX_REQUEST_SIZE: "256 KiB" })
        yield* service.push("all", everyDatatype)
        yield* service.push("one", identity("float", ["N", 2]))
        const next = makeBadRequests(seed)
        const statuses = new Map<number, number>()
        const send = (count: number) =>
          Effect.promise(() => sendBad(service, next, count, statuses))

        const faults = [...(yield* send(warmUp))]
        const memory = [yield* service.memory]
        for (let half = 0; half < 2; half++) {
          faults.push(...(yield* send((requests - warmUp) / 2)))
          memory.push(yield* service.memory)
        }
        const inMiB = memory.map((bytes) => Math.round(bytes / MIB)).join(", ")
        const told = [...statuses].sort(([a], [b]) => a - b).map((it) => it.join(" × "))
        if (isLong)
          process.stdout.write(
            `seed ${seed}; RSS after ${warmUp}, half and all: ${inMiB} MiB; ${told.join(", ")}\n`
          )
        expect(faults.slice(0, 5)).toEqual([])

        const x = fromTypedArray("x", [1, 2], Float32Array.of(1, 2))
        const { outputs } = yield* service.client.infer("one", { inputs: [x] })
        expect(outputs[0]?.bytes).toEqual(x.bytes)
        const [, middle = 0, end = 0] = memory
        expect(end - middle).toBeLessThan(64 * MIB)
        expect(service.log()).not.toContain("request died")
      })
    )
  )
})
