import { describe, expect } from "bun:test"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { askService } from "../src/types/askService.ts"

const Answer = Schema.Struct({ people: Schema.Int })

describe("another service", () => {
  const { effect } = withLayer(
    Layer.merge(
      FetchHttpClient.layer,
      ServicesConfig.layerOf({
        analyticsApiUrl: "http://127.0.0.1:1",
        dataIngestionUrl: "http://127.0.0.1:1",
        mlInferenceUrl: "http://127.0.0.1:1",
        serviceKey: Redacted.make("key")
      })
    )
  )

  const answered = (status: number, text: string) =>
    Effect.acquireUseRelease(
      Effect.sync(() =>
        Bun.serve({ port: 0, fetch: () => new Response(text, { status }) })
      ),
      (server) => Effect.result(askService("GET", server.url.href, Answer)),
      (server) => Effect.promise(() => server.stop(true))
    )

  effect("is asked again when it is away, or answers what nobody understands", () =>
    Effect.gen(function* () {
      expect(yield* answered(200, '{"people":3}')).toMatchObject({
        success: { people: 3 }
      })
      for (const [status, text] of [
        [200, '{"people":"three"}'],
        [200, "<html>"],
        [401, ""],
        [429, ""],
        [503, ""]
      ] as const)
        expect(yield* answered(status, text)).toMatchObject({
          failure: { _tag: "JobUnavailable" }
        })
      expect(yield* answered(404, "no such project")).toMatchObject({
        failure: { _tag: "JobFailed" }
      })
    })
  )
})
