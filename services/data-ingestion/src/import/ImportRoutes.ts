import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import {
  MAX_IMPORT_BODY,
  MAX_IMPORTED_EVENT
} from "@analytics/data-processing/import/limits"
import { batchRoute } from "@analytics/data-processing/protocols/segment"
import { Effect, type ManagedRuntime, Option, Schema } from "effect"
import { Elysia } from "elysia"
import { KeyRing } from "../keys/KeyRing.ts"
import { requireService } from "../keys/requireService.ts"
import { Answer, refusedResponse, takenResponse } from "../receive/ReceiveAnswer.ts"
import {
  BodyTooLarge,
  InboxUnavailable,
  KeysUnavailable,
  TooManyEvents,
  UnreadableBody
} from "../receive/ReceiveProblems.ts"
import { Receiver } from "../receive/Receiver.ts"
import { ProjectNotFound } from "./ProjectNotFound.ts"

const path = "/internal/v1/import"

/** What an export of another system holds was let in by that system. */
const importRoute = {
  ...batchRoute,
  maxBodyBytes: MAX_IMPORT_BODY,
  maxEventBytes: MAX_IMPORTED_EVENT
}

const Target = Schema.Struct({
  projectId: Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
  )
})

export type ImportServices = Receiver | KeyRing | AccessConfig

/**
 * `POST /internal/v1/import`, for services that know `SERVICE_KEY`: the body, the rules and
 * the answer of `/v1/batch`, in the bulk lane, in the name of a project.
 */
export const importRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | ImportServices, ER>
) =>
  new Elysia({ tags: ["internal"] })
    .use(effectPlugin(runtime))
    .post(
      path,
      ({ request, query: { projectId }, runResponse }) =>
        runResponse(imported(request, projectId)),
      {
        parse: "none",
        query: received(Target),
        response: {
          200: sent(Answer),
          400: sent(UnreadableBody),
          401: sent(Unauthorized),
          404: sent(ProjectNotFound),
          413: sent(BodyTooLarge),
          429: sent(TooManyEvents),
          503: sent(InboxUnavailable)
        },
        detail: {
          summary: "Take historical events of a project in (service key)",
          description:
            "The body, the rules and the answer of `/v1/batch`, in the bulk lane. Times are kept as they are: `sentAt` corrects nothing.",
          security: [{ key: [] }]
        }
      }
    )

const imported = Effect.fnUntraced(function* (request: Request, projectId: number) {
  yield* requireService(request.headers.get("authorization") ?? undefined)
  const keys = yield* KeyRing
  const project = yield* keys
    .ofProject(projectId)
    .pipe(Effect.mapError(() => new KeysUnavailable({})))
  if (Option.isNone(project)) return yield* new ProjectNotFound({})
  const receiver = yield* Receiver
  const span = Option.getOrUndefined(yield* Effect.option(Effect.currentSpan))
  const taken = yield* Effect.promise(() =>
    receiver.receive({
      request,
      route: importRoute,
      query: new URLSearchParams(),
      path,
      lane: "bulk",
      ip: undefined,
      userAgent: undefined,
      wantsRowIds: false,
      span: span?.sampled === true ? span : undefined,
      project: project.value,
      historical: true
    })
  )
  return taken._tag === "Refused"
    ? refusedResponse(taken, importRoute, new URLSearchParams(), path, {})
    : takenResponse(taken, {})
})
