import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { makeInferenceClient } from "@analytics/inference-protocol/InferenceClient"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { Context, Effect, Layer, Schema } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { JobFailed } from "../../jobs/JobType.ts"
import {
  askingOf,
  type Failure,
  jsonBody,
  Later,
  NotServed,
  passes,
  patiently,
  pauseOf,
  textOf,
  unavailable,
  understood
} from "./askModels.ts"
import {
  ModelView,
  type NewVersion,
  VersionPage,
  type VersionSummary,
  VersionView
} from "./ModelViews.ts"

const LONGEST_INFERENCE = "60 seconds"

/** Asks ml-inference in the name of a project. */
export class ModelsClient extends Context.Service<
  ModelsClient,
  {
    /** undefined: there is no such model. */
    model(
      projectId: number,
      name: string
    ): Effect.Effect<ModelView | undefined, Failure>
    /** Newest first; none of a model that is not there. */
    versions(
      projectId: number,
      name: string
    ): Effect.Effect<ReadonlyArray<VersionSummary>, Failure>
    version(
      projectId: number,
      name: string,
      version: number
    ): Effect.Effect<VersionView, Failure>
    /** Content-addressed: the same bytes again are the same artifact. Answers its SHA-256. */
    putArtifact(projectId: number, bytes: Uint8Array): Effect.Effect<string, Failure>
    /** Makes another version each time: look for one of the same lineage before. */
    createVersion(
      projectId: number,
      name: string,
      version: NewVersion
    ): Effect.Effect<VersionView, Failure>
    /** `false`: the champion is another one than `expected` by now. */
    setChampion(
      projectId: number,
      name: string,
      version: number,
      expected: number | null
    ): Effect.Effect<boolean, Failure>
    addQuality(
      projectId: number,
      name: string,
      version: number,
      measured: object
    ): Effect.Effect<void, Failure>
    /** Ready without an alias; returns when it is, as far as can be told. */
    load(projectId: number, name: string, version: number): Effect.Effect<void, Failure>
    /** Ends that. What an alias names goes on answering. */
    unload(
      projectId: number,
      name: string,
      version: number
    ): Effect.Effect<void, Failure>
    /** One output, by the binary extension both ways. */
    infer(
      projectId: number,
      name: string,
      version: number,
      inputs: ReadonlyArray<Tensor>,
      output: string
    ): Effect.Effect<ReadonlyArray<Tensor>, Failure | NotServed>
  }
>()("@analytics/batch-processor/types/models/ModelsClient") {
  static readonly layer = Layer.effect(
    ModelsClient,
    Effect.gen(function* () {
      const { mlInferenceUrl, serviceKey } = yield* ServicesConfig
      const { ask, attempt, decided, refused } = askingOf(
        { mlInferenceUrl, serviceKey },
        yield* HttpClient.HttpClient
      )

      const placed = (what: "load" | "unload") =>
        Effect.fn(`ModelsClient.${what}`)(function* (
          projectId: number,
          name: string,
          version: number
        ) {
          const path = `/v2/repository/models/${name}/${what}`
          const answered = yield* ask(projectId, {
            method: "POST",
            path,
            body: jsonBody({ parameters: { version: String(version) } })
          })
          // There is no room for it now, or it does not get ready.
          if (answered.status === 409)
            return yield* unavailable({ detail: textOf(answered.bytes) })
          if (answered.status >= 400) return yield* refused(answered, path)
        })

      return ModelsClient.of({
        load: placed("load"),
        unload: placed("unload"),
        model: Effect.fn("ModelsClient.model")(function* (projectId, name) {
          const path = `/v1/models/${name}`
          const answered = yield* ask(projectId, { method: "GET", path })
          if (answered.status === 404) return undefined
          return yield* decided(answered, path, ModelView)
        }),
        versions: Effect.fn("ModelsClient.versions")(function* (projectId, name) {
          const all: Array<VersionSummary> = []
          let cursor: string | undefined
          do {
            const more =
              cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`
            const path = `/v1/models/${name}/versions${more}`
            const answered = yield* ask(projectId, { method: "GET", path })
            if (answered.status === 404) return []
            const page = yield* decided(answered, path, VersionPage)
            all.push(...page.versions)
            cursor = page.nextCursor ?? undefined
          } while (cursor !== undefined)
          return all
        }),
        version: Effect.fn("ModelsClient.version")(
          function* (projectId, name, version) {
            const path = `/v1/models/${name}/versions/${version}`
            const answered = yield* ask(projectId, { method: "GET", path })
            return yield* decided(answered, path, VersionView)
          }
        ),
        putArtifact: Effect.fn("ModelsClient.putArtifact")(
          function* (projectId, bytes) {
            const path = "/v1/artifacts"
            const answered = yield* ask(projectId, {
              method: "PUT",
              path,
              body: { bytes, type: "application/octet-stream" }
            })
            return (yield* decided(answered, path, Artifact)).sha256
          }
        ),
        createVersion: Effect.fn("ModelsClient.createVersion")(
          function* (projectId, name, version) {
            const path = `/v1/models/${name}/versions`
            // Asked once: whoever does not know whether it was made has to look first.
            const answered = yield* attempt(projectId, {
              method: "POST",
              path,
              body: jsonBody(version)
            }).pipe(Effect.mapError(unavailable))
            // An attempt that was broken off has made it by now, or the model went.
            if (answered.status === 409)
              return yield* unavailable({ detail: textOf(answered.bytes) })
            return yield* decided(answered, path, VersionView)
          }
        ),
        setChampion: Effect.fn("ModelsClient.setChampion")(
          function* (projectId, name, version, expected) {
            const path = `/v1/models/${name}/aliases/champion`
            const answered = yield* ask(projectId, {
              method: "PUT",
              path,
              body: jsonBody({ version, expected })
            })
            if (answered.status < 400) return true
            const { type } = yield* understood(Problem, answered)
            if (type === ALIAS_MOVED) return false
            return yield* type === NOT_READY
              ? unavailable({ detail: `Version ${version} does not get ready.` })
              : refused(answered, path)
          }
        ),
        addQuality: Effect.fn("ModelsClient.addQuality")(
          function* (projectId, name, version, measured) {
            const path = `/v1/models/${name}/versions/${version}/quality`
            const body = jsonBody(measured)
            const answered = yield* attempt(projectId, {
              method: "POST",
              path,
              body
            }).pipe(Effect.mapError(unavailable))
            if (answered.status >= 400) return yield* refused(answered, path)
          }
        ),
        infer: Effect.fn("ModelsClient.infer")(
          function* (projectId, name, version, inputs, output) {
            const { outputs } = yield* makeInferenceClient({
              url: mlInferenceUrl,
              key: serviceKey,
              projectId,
              timeout: LONGEST_INFERENCE
            })
              .infer(
                name,
                { inputs, outputs: [{ name: output, form: "binary" }] },
                { version: String(version) }
              )
              .pipe(
                Effect.mapError((problem) =>
                  problem._tag !== "RequestRefused"
                    ? new Later({ detail: problem.detail, seconds: 1 })
                    : passes(problem.status)
                      ? new Later({
                          detail: problem.detail,
                          seconds: pauseOf(problem.retryAfter)
                        })
                      : problem.status === 404
                        ? new NotServed({ detail: problem.detail })
                        : new JobFailed({
                            detail: `Version ${version} of ${name} does not answer (${problem.status}): ${problem.detail}`
                          })
                ),
                patiently
              )
            return outputs
          }
        )
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

const Problem = Schema.Struct({ type: Schema.optionalKey(Schema.String) })
const ALIAS_MOVED = "urn:analytics:problem:alias-moved"
const NOT_READY = "urn:analytics:problem:version-not-ready"

const Artifact = Schema.Struct({ sha256: Schema.String })
