import { createHash } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, SubscriptionRef } from "effect"
import type { ExecutorLimits } from "../../src/execution/Executors.ts"
import {
  type Alias,
  DesiredModels,
  type DesiredState,
  type DesiredVersion
} from "../../src/registry/DesiredModels.ts"

export const limits: ExecutorLimits = {
  memory: 1024 ** 3,
  loadTime: 30_000,
  runTime: 30_000
}

/** What a test says of a version; the rest is usual. */
export type VersionPlan = { readonly file: Uint8Array } & Partial<
  Pick<DesiredVersion, "golden" | "limits" | "batching" | "instances">
>

export interface ModelPlan {
  readonly versions: Readonly<Record<number, VersionPlan>>
  readonly aliases?: Readonly<Partial<Record<Alias, number>>>
  readonly challengerPercent?: number
}

/** Stands in for the registry: says to this process what a test wants served. */
export class StubModels extends Context.Service<
  StubModels,
  {
    /** Of project 1, by name; models left out are taken away. */
    serve(models: Readonly<Record<string, ModelPlan>>): Effect.Effect<void>
  }
>()("@analytics/ml-inference/test/StubModels") {
  static readonly layer = Layer.unwrap(
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-models-"))),
        (it) => Effect.promise(() => rm(it, { recursive: true, force: true }))
      )
      const state = yield* SubscriptionRef.make<DesiredState>(new Map())
      const path = (sha256: string) => join(folder, `${sha256}.onnx`)
      const version = async (
        model: string,
        number: number,
        { file, ...plan }: VersionPlan
      ): Promise<DesiredVersion> => {
        const sha256 = createHash("sha256").update(file).digest("hex")
        await Bun.write(path(sha256), file)
        return {
          id: `${model}/${number}/${sha256}`,
          projectId: 1,
          model,
          version: number,
          sha256,
          signature: { inputs: [], outputs: [] },
          golden: undefined,
          limits,
          batching: { maxRows: 32, window: 0, queueRows: 1000 },
          instances: 1,
          ...plan
        }
      }
      const serve = Effect.fnUntraced(function* (
        models: Readonly<Record<string, ModelPlan>>
      ) {
        const entries = yield* Effect.forEach(Object.entries(models), ([name, plan]) =>
          Effect.promise(async () => {
            const versions = await Promise.all(
              Object.entries(plan.versions).map(([number, each]) =>
                version(name, Number(number), each)
              )
            )
            return [
              `1/${name}`,
              {
                projectId: 1,
                name,
                aliases: plan.aliases ?? {},
                challengerPercent: plan.challengerPercent ?? 0,
                versions: new Map(versions.map((it) => [it.version, it]))
              }
            ] as const
          })
        )
        yield* SubscriptionRef.set(state, new Map(entries))
      })
      return Layer.merge(
        Layer.succeed(StubModels, { serve }),
        Layer.succeed(DesiredModels, {
          current: SubscriptionRef.get(state),
          changes: SubscriptionRef.changes(state),
          refresh: Effect.void,
          artifact: (sha256) => Effect.succeed(path(sha256))
        })
      )
    })
  )
}
