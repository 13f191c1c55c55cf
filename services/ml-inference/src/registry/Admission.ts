import { MlConfig } from "@analytics/config/MlConfig"
import { unstorableIn } from "@analytics/database/unstorable"
import type { Inspection } from "@analytics/ml-models/onnx/Inspection"
import { refusals } from "@analytics/ml-models/onnx/OnnxPolicy"
import { Context, Effect, Layer, Option, Semaphore } from "effect"
import { type ExecutorLost, Executors, type Signature } from "../execution/Executors.ts"
import { warmUp } from "../serving/warmUp.ts"
import { askedSettings, mostRows } from "./askedSettings.ts"
import type { Golden } from "./DesiredModels.ts"
import { inspectFile } from "./inspectFile.ts"
import { ModelInadmissible, RegistryBusy } from "./RegistryProblems.ts"
import type { NewVersion, VersionSettings } from "./Version.ts"

/** What was found of a file that may be served. */
export interface Admitted {
  readonly signature: Signature
  readonly inspection: Inspection
  readonly settings: VersionSettings
}

/**
 * Whether a file may be served: it is looked at without running anything of it, and then
 * loaded, and asked its golden rows, in a process of its own that ends afterwards.
 */
export class Admission extends Context.Service<
  Admission,
  {
    /** `path`: the file on this machine. */
    admit(
      path: string,
      asked: Pick<NewVersion, "batching" | "limits" | "instances">,
      golden: Golden | undefined
    ): Effect.Effect<Admitted, ModelInadmissible | RegistryBusy>
  }
>()("@analytics/ml-inference/registry/Admission") {
  static readonly layer = Layer.effect(
    Admission,
    Effect.gen(function* () {
      const config = yield* MlConfig
      const executors = yield* Executors
      const taken = yield* Semaphore.make(2 * config.admissions)
      const running = yield* Semaphore.make(config.admissions)

      const tried = Effect.fn("Admission.try")(function* (
        path: string,
        limits: VersionSettings["limits"],
        golden: Golden | undefined
      ) {
        const executor = yield* executors.start(path, limits)
        if (golden !== undefined) yield* warmUp(executor, golden)
        return executor.signature
      }, Effect.scoped)

      const admit = Effect.fn("Admission.admit")(function* (
        path: string,
        asked: Pick<NewVersion, "batching" | "limits" | "instances">,
        golden: Golden | undefined
      ) {
        const settings = yield* askedSettings(asked, config)
        const inspection = yield* inspected(path)
        const signature = yield* tried(path, settings.limits, golden).pipe(
          Effect.catchTags({
            ModelRefused: ({ detail }) =>
              Effect.fail(ModelInadmissible.at("/artifact", detail)),
            ExecutorLost: (lost) =>
              Effect.fail(ModelInadmissible.at("/artifact", whyLost(lost))),
            GoldenDiffers: ({ detail }) =>
              Effect.fail(ModelInadmissible.at("/golden", sentence(detail)))
          })
        )
        if (unstorableIn(signature) !== undefined)
          return yield* ModelInadmissible.at(
            "/artifact",
            "The names of its inputs and outputs must be texts without NUL."
          )
        const batching = yield* mostRows(asked, settings.batching, signature)
        return { inspection, signature, settings: { ...settings, batching } }
      })

      return Admission.of({
        admit: (path, asked, golden) =>
          admit(path, asked, golden).pipe(
            running.withPermits(1),
            taken.withPermitsIfAvailable(1),
            Effect.flatMap((done) =>
              Option.isSome(done)
                ? Effect.succeed(done.value)
                : Effect.fail(
                    new RegistryBusy({
                      detail: "Too many new versions are being tried; try again."
                    })
                  )
            )
          )
      })
    })
  )
}

/** Of the file alone; nothing of it runs. */
const inspected = Effect.fn("Admission.inspect")(function* (path: string) {
  const found = yield* inspectFile(path).pipe(
    Effect.catchTag("OnnxUnreadable", ({ detail }) =>
      Effect.fail(ModelInadmissible.at("/artifact", detail))
    )
  )
  const reasons = refusals(found)
  if (reasons.length > 0)
    return yield* new ModelInadmissible({
      detail: reasons.join(" "),
      errors: reasons.map((detail) => ({ pointer: "/artifact", detail }))
    })
  return found
})

const whyLost = ({ detail, reason }: ExecutorLost): string => {
  if (reason === "deadline")
    return `It did not end in time (limits.loadTime, limits.runTime): ${detail}`
  if (reason === "memory")
    return `It asks for more memory than it may have (limits.memory): ${detail}`
  return `It ended its process: ${detail}`
}

const sentence = (detail: string): string =>
  `Its golden rows do not come out: ${detail}.`
