import * as Engine from "@analytics/batch-processor/engine/Engine"
import { Effect, Layer, Schema } from "effect"
import { Activity, Workflow } from "effect/workflow"
import { Begun } from "./Begun.ts"
import { postgres, runner } from "./stores.ts"

const Bare = Workflow.make("Bare", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id
})

const nothing = Activity.make({ name: "nothing", execute: Effect.void })

/** The engine alone: a workflow of one activity that does nothing. */
const BareLive = Bare.toLayer(({ id }) =>
  Effect.gen(function* () {
    const { begin, end } = yield* Begun
    begin(id)
    yield* nothing
    end(id)
  })
)

/** How the engine's own workflow is started; ends when the engine has it. */
export const startBare = (id: string) =>
  Effect.asVoid(Bare.execute({ id }, { discard: true }))

export const bareLive = BareLive.pipe(
  Layer.provideMerge(Begun.layer),
  Layer.provideMerge(Engine.layer),
  Layer.provide(runner(29_431)),
  Layer.provide(postgres)
)
