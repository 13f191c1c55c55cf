import { describe, expect } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Datatype, Tensor } from "@analytics/inference-protocol/Tensor"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Context, Effect, Layer } from "effect"
import { everyDatatype, times } from "../support/models.ts"
import { type ServiceProcess, startService } from "../support/ServiceProcess.ts"

const texts = Buffer.concat(
  ["", "é", "plain", "😀"].flatMap((text) => {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    return [length, bytes]
  })
)

/** Extreme and ordinary elements of each type, two rows of two. */
const inputs: ReadonlyArray<Tensor> = Object.entries({
  BOOL: Uint8Array.of(0, 1, 1, 0),
  UINT8: Uint8Array.of(0, 255, 7, 8),
  UINT16: Uint16Array.of(0, 65_535, 7, 8),
  UINT32: Uint32Array.of(0, 4_294_967_295, 7, 8),
  UINT64: BigUint64Array.of(0n, 2n ** 64n - 1n, 2n ** 53n + 1n, 8n),
  INT8: Int8Array.of(-128, 127, 0, -1),
  INT16: Int16Array.of(-32_768, 32_767, 0, -1),
  INT32: Int32Array.of(-2_147_483_648, 2_147_483_647, 0, -1),
  INT64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, -1n),
  FP16: Float16Array.of(0.1, -0, 65_504, 2 ** -24),
  FP32: Float32Array.of(0.1, -0, Number.NaN, 1e-45),
  FP64: Float64Array.of(0.1, -0, Number.NaN, 5e-324),
  BYTES: texts
} satisfies Partial<Record<Datatype, ArrayBufferView>>).map(
  ([name, { buffer, byteLength, byteOffset }]) => ({
    name,
    datatype: name as Datatype,
    shape: [2, 2],
    bytes: new Uint8Array(buffer, byteOffset, byteLength)
  })
)

const shown = (tensors: ReadonlyArray<Tensor>) =>
  tensors
    .map(({ name, datatype, shape, bytes }) => ({
      name: name.replace("out_", ""),
      datatype,
      shape: [...shape],
      bytes: Buffer.from(bytes).toString("hex")
    }))
    .sort((a, b) => a.name.localeCompare(b.name))

/** One process for all tests of this file. */
class Service extends Context.Service<Service, ServiceProcess>()("test/Service") {
  static readonly layer = Layer.effect(
    Service,
    Effect.gen(function* () {
      const keys = yield* servedKeys
      return yield* startService({ ANALYTICS_API_URL: keys.url.origin })
    })
  )
}

const key = {
  keyId: "key-of-the-examples",
  projectId: 1,
  kind: "secret",
  scopes: ["predict"],
  expiresAt: null,
  revokedAt: null,
  projectDeletedAt: null
}

/** Stands for analytics-api: every key is the same one. */
const servedKeys = Effect.acquireRelease(
  Effect.sync(() =>
    Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: ({ url }) =>
        url.endsWith("/lookup")
          ? Response.json({ key })
          : new Response("", { status: 404 })
    })
  ),
  (server) => Effect.promise(() => server.stop(true))
)

const page = fileURLToPath(
  new URL("../../../../docs/inference-protocol.md", import.meta.url)
)

/** Runs what the page shows, as it stands there, but for where the service is. */
const runExamples = async (url: string, cwd: string): Promise<string> => {
  const text = await Bun.file(page).text()
  const [, examples = ""] = /```sh\n(.*?)```/su.exec(text) ?? []
  const script = examples.replace("http://127.0.0.1:4002", url)
  const child = Bun.spawn(["bash", "-euo", "pipefail", "-c", script], {
    cwd,
    env: { PATH: process.env["PATH"], KEY: "sk_examples" },
    stdout: "pipe",
    stderr: "inherit"
  })
  return new Response(child.stdout).text()
}

describe("the service as a process", () => {
  const { effect } = withLayer(Service.layer.pipe(Layer.provide(TestPostgres.layer)))

  effect("answers every datatype to the bit, in both wires, to the client", () =>
    Effect.gen(function* () {
      const { client, push } = yield* Service
      yield* push("all", everyDatatype)

      const binary = yield* client.infer("all", { id: "1", inputs })
      expect(shown(binary.outputs)).toEqual(shown(inputs))
      expect(binary).toMatchObject({ id: "1", modelName: "all", modelVersion: "1" })

      // FP16 is not to be had in JSON, so it is asked for otherwise.
      const outputs = inputs.map(({ name }) => ({
        name: `out_${name}`,
        form: name === "FP16" ? ("binary" as const) : ("json" as const)
      }))
      const json = yield* client.infer("all", { inputs, outputs }, { version: "1" })
      expect(shown(json.outputs)).toEqual(shown(inputs))

      expect(yield* client.live).toBe(true)
      expect(yield* client.ready).toBe(true)
      expect(yield* client.modelReady("all", "1")).toBe(true)
      const { inputs: specs, versions } = yield* client.metadata("all")
      expect(versions).toEqual(["1"])
      expect(specs.map(({ name }) => name).sort()).toEqual(
        inputs.map(({ name }) => name).sort()
      )
      expect(yield* client.index({ ready: true })).toEqual([
        { name: "all", version: "1", state: "READY", reason: "" }
      ])
      const { model_stats } = yield* client.statistics("all")
      expect(model_stats[0]?.inference_stats.success.count).toBe(2)
      const nobody = yield* Effect.flip(client.infer("nobody", { inputs }))
      expect(nobody).toMatchObject({ _tag: "RequestRefused", status: 404 })
    })
  )

  effect("answers the examples of its page", () =>
    Effect.gen(function* () {
      const { push, url } = yield* Service
      yield* push("scores", times(2))
      const folder = mkdtempSync(join(tmpdir(), "analytics-examples-"))
      const told = yield* Effect.promise(() => runExamples(url, folder))
      expect(told).not.toContain('"error"')
      expect(told).toContain('"id":"42","model_name":"scores","model_version":"1"')
      expect(told).toContain('"data":[0.2,4,null,8]')
      expect(told).toContain('"data":[2,4]')
      expect(told).toContain('"state":"READY"')
      expect(told).toContain('"inference_count":')
      const answer = readFileSync(join(folder, "answer.bin"))
      rmSync(folder, { recursive: true })
      expect(answer.subarray(-16).toString("hex")).toBe(
        "cdcc4c3e000080400000c07f00000041"
      )
    })
  )
})
