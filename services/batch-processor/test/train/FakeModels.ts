import { createHash } from "node:crypto"
import type { Tensor as Wire } from "@analytics/inference-protocol/Tensor"
import {
  fromTypedArray,
  typedArrayOf
} from "@analytics/inference-protocol/TensorValues"
import { decodeTensor } from "@analytics/inference-protocol/wireTensor"
import { Effect, Result, type Schema } from "effect"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { JobFailed } from "../../src/jobs/JobType.ts"
import { NotServed } from "../../src/types/models/askModels.ts"
import type { ModelsClient } from "../../src/types/models/ModelsClient.ts"
import type {
  Facts,
  NewVersion,
  VersionView
} from "../../src/types/models/ModelViews.ts"

interface Version extends VersionView {
  readonly made: NewVersion
  readonly quality: Array<Facts>
}

/** A registry in memory that answers as the runtime does; one model of one project. */
export class FakeModels {
  readonly artifacts = new Map<string, Uint8Array>()
  readonly versions: Array<Version> = []
  champion: number | undefined
  /** Ready without being champion. */
  readonly loaded = new Set<number>()
  /** How often each was asked. */
  readonly asked = new Map<string, number>()
  /** Told after something was done, and before it is answered: may fail or never end. */
  after: (what: string) => Effect.Effect<void> = () => Effect.void

  private readonly done = <A>(what: string, make: () => A | Promise<A>) =>
    Effect.promise(async () => {
      this.asked.set(what, (this.asked.get(what) ?? 0) + 1)
      return make()
    }).pipe(Effect.tap(() => this.after(what)))

  private readonly at = (version: number): Version => {
    const found = this.versions[version - 1]
    if (found === undefined) throw new Error("no such version")
    return found
  }

  readonly client: ModelsClient["Service"] = {
    model: () =>
      this.done("model", () =>
        this.versions.length === 0
          ? undefined
          : {
              aliases: this.champion === undefined ? {} : { champion: this.champion }
            }
      ),
    versions: () => this.done("versions", () => this.versions.toReversed()),
    version: (_project, _name, version) => this.done("version", () => this.at(version)),
    putArtifact: (_project, bytes) =>
      this.done("putArtifact", () => {
        const sha256 = createHash("sha256").update(bytes).digest("hex")
        this.artifacts.set(sha256, bytes)
        return sha256
      }),
    createVersion: (_project, _name, made) =>
      this.done("createVersion", async () => {
        await this.admit(made)
        const version: Version = {
          version: this.versions.length + 1,
          made,
          lineage: made.lineage,
          metrics: made.metrics,
          reference: made.reference,
          quality: []
        }
        this.versions.push(version)
        return version
      }),
    setChampion: (_project, _name, version, expected) =>
      this.done("setChampion", () => {
        if ((this.champion ?? null) !== expected) return false
        this.champion = version
        return true
      }),
    addQuality: (_project, _name, version, measured) =>
      this.done("addQuality", () => {
        this.at(version).quality.unshift(JSON.parse(JSON.stringify(measured)))
      }),
    load: (_project, _name, version) =>
      this.done("load", () => {
        this.loaded.add(version)
      }),
    unload: (_project, _name, version) =>
      this.done("unload", () => {
        this.loaded.delete(version)
      }),
    infer: (_project, _name, version, inputs, output) =>
      this.done("infer", async (): Promise<Array<Wire> | "not served" | undefined> => {
        if (version !== this.champion && !this.loaded.has(version)) return "not served"
        const { artifact } = this.at(version).made
        const session = await this.sessionOf(artifact)
        const feeds = Object.fromEntries(
          inputs.map((it) => [
            it.name,
            new Tensor("float32", Float32Array.from(typedArrayOf(it), Number), [
              ...it.shape
            ])
          ])
        )
        const answer = (await session.run(feeds, [output]))[output]
        return answer && answer.data instanceof Float32Array
          ? [fromTypedArray(output, answer.dims, answer.data)]
          : undefined
      }).pipe(
        Effect.flatMap((found): Effect.Effect<Array<Wire>, JobFailed | NotServed> => {
          if (found === "not served")
            return Effect.fail(
              new NotServed({ detail: `version ${version} is not loaded` })
            )
          return found === undefined
            ? Effect.fail(new JobFailed({ detail: "no such output" }))
            : Effect.succeed(found)
        })
      )
  }

  /** Golden rows must come out as they say. */
  private async admit({ artifact, golden }: NewVersion): Promise<void> {
    const session = await this.sessionOf(artifact)
    const [input] = golden.inputs.map(tensorOf)
    if (input === undefined) throw new Error("no golden rows")
    const answers = await session.run({ [input.name]: input.tensor })
    for (const { name, tensor } of golden.outputs.map(tensorOf))
      for (const [index, value] of tensor.data.entries()) {
        const off = Math.abs(Number(answers[name]?.data[index]) - Number(value))
        if (!(off <= golden.tolerance))
          throw new Error(`${name}[${index}] is off by ${off}`)
      }
  }

  private readonly sessions = new Map<string, Promise<InferenceSession>>()

  sessionOf(sha256: string): Promise<InferenceSession> {
    const known = this.sessions.get(sha256)
    if (known !== undefined) return known
    const bytes = this.artifacts.get(sha256)
    if (bytes === undefined) throw new Error("no such file")
    const opened = InferenceSession.create(bytes, { intraOpNumThreads: 1 })
    this.sessions.set(sha256, opened)
    return opened
  }
}

const tensorOf = (json: Schema.Json) => {
  const read = Result.getOrThrow(decodeTensor(json, "golden"))
  const data = Float32Array.from(typedArrayOf(read), Number)
  return { name: read.name, tensor: new Tensor("float32", data, [...read.shape]) }
}
