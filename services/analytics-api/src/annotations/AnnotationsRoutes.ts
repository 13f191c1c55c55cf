import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { keeping, reading } from "../insights/asking.ts"
import { refusals, security } from "../insights/insightWire.ts"
import {
  Annotation,
  AnnotationChange,
  AnnotationNotFound,
  NewAnnotation,
  TooManyAnnotations
} from "./Annotation.ts"
import { Annotations } from "./Annotations.ts"
import {
  AnnotationList,
  AnnotationPage,
  AnnotationParams,
  askedOf,
  listOf
} from "./annotationWire.ts"

/** `/v1/annotations`: what a team knows about a moment. */
export const annotationsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Annotations, ER>
) =>
  new Elysia({ prefix: "/v1/annotations", tags: ["annotations"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, run }) =>
        run(
          Annotation,
          Effect.gen(function* () {
            const asking = yield* keeping(headers["authorization"])
            return yield* (yield* Annotations).create(asking, body)
          }),
          201
        ),
      {
        body: received(NewAnnotation),
        response: { 201: sent(Annotation), 409: sent(TooManyAnnotations), ...refusals },
        detail: { summary: "Note something about a moment, or a time", security }
      }
    )
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          AnnotationList,
          Effect.gen(function* () {
            const { projectId } = yield* reading(headers["authorization"])
            const annotations = yield* Annotations
            return listOf(yield* annotations.list(projectId, ...askedOf(query)))
          })
        ),
      {
        query: received(AnnotationPage),
        response: { 200: sent(AnnotationList), ...refusals },
        detail: {
          summary: "List the annotations that touch a range, by time",
          security
        }
      }
    )
    .patch(
      "/:annotationId",
      ({ body, headers, params, run }) =>
        run(
          Annotation,
          Effect.gen(function* () {
            const asking = yield* keeping(headers["authorization"])
            const annotations = yield* Annotations
            return yield* annotations.change(asking, params.annotationId, body)
          })
        ),
      {
        params: received(AnnotationParams),
        body: received(AnnotationChange),
        response: {
          200: sent(Annotation),
          404: sent(AnnotationNotFound),
          422: sent(QueryInvalid),
          ...refusals
        },
        detail: {
          summary: "Change an annotation",
          description: "`until: null` makes it one of a moment.",
          security
        }
      }
    )
    .delete(
      "/:annotationId",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const { projectId } = yield* keeping(headers["authorization"])
            yield* (yield* Annotations).remove(projectId, params.annotationId)
          }),
          204
        ),
      {
        params: received(AnnotationParams),
        response: {
          204: sent(Schema.Void),
          404: sent(AnnotationNotFound),
          ...refusals
        },
        detail: { summary: "Delete an annotation", security }
      }
    )
