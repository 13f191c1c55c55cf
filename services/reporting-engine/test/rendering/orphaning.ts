import { sampleReport } from "@analytics/reports/test/sampleReport"
import { Effect } from "effect"
import { Renderer } from "../../src/rendering/Renderer.ts"
import { rendererOf } from "./renderers.ts"

/** A service that renders one report after the other until it is killed. */
if (import.meta.main)
  await Effect.gen(function* () {
    const renderer = yield* Renderer
    yield* Effect.forever(renderer.render(sampleReport, "pdf"))
  }).pipe(Effect.provide(rendererOf({ renderers: 1 })), Effect.runPromise)
