import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Context, Effect, Layer } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { Keeping } from "../insights/Insights.ts"
import { type Page, pageOf } from "../insights/Page.ts"
import type { ProjectId } from "../projects/Project.ts"
import {
  type Annotation,
  type AnnotationChange,
  type AnnotationId,
  AnnotationNotFound,
  type NewAnnotation,
  TooManyAnnotations
} from "./Annotation.ts"
import {
  type AnnotationPlace,
  type AnnotationRange,
  AnnotationRepo,
  MAX_ANNOTATIONS
} from "./AnnotationRepo.ts"

/** The rules about annotations of a project. */
export class Annotations extends Context.Service<
  Annotations,
  {
    create(
      asking: Keeping,
      annotation: NewAnnotation
    ): Effect.Effect<Annotation, TooManyAnnotations | ControlUnavailable>
    /** By time: those that touch the range. */
    list(
      projectId: ProjectId,
      range: AnnotationRange,
      page: { readonly after: AnnotationPlace | undefined; readonly limit: number }
    ): Effect.Effect<Page<Annotation, AnnotationPlace>, ControlUnavailable>
    change(
      asking: Keeping,
      id: AnnotationId,
      change: AnnotationChange
    ): Effect.Effect<Annotation, AnnotationNotFound | QueryInvalid | ControlUnavailable>
    remove(
      projectId: ProjectId,
      id: AnnotationId
    ): Effect.Effect<void, AnnotationNotFound | ControlUnavailable>
  }
>()("@analytics/analytics-api/annotations/Annotations") {
  static readonly layer = Layer.effect(
    Annotations,
    Effect.gen(function* () {
      const repo = yield* AnnotationRepo
      return Annotations.of({
        create: Effect.fn("Annotations.create")(function* (
          { keyId, projectId },
          { at, mutesAlerts = false, text, until }
        ) {
          const made = yield* repo.insert(
            projectId,
            { at: new Date(at), until: dateOf(until ?? null), text, mutesAlerts },
            keyId
          )
          return yield* Effect.fromOption(made).pipe(
            Effect.mapError(
              () =>
                new TooManyAnnotations({
                  detail: `A project has at most ${MAX_ANNOTATIONS} annotations.`
                })
            )
          )
        }),
        list: Effect.fn("Annotations.list")(function* (
          projectId,
          range,
          { after, limit }
        ) {
          const rows = yield* repo.page(projectId, range, after, limit + 1)
          return pageOf(rows, limit, ({ at, id }) => ({ at, id }))
        }),
        change: Effect.fn("Annotations.change")(function* (
          { keyId, projectId },
          id,
          { at, until, ...change }
        ) {
          const changed = yield* repo
            .update(
              projectId,
              id,
              {
                ...change,
                ...(at === undefined ? {} : { at: new Date(at) }),
                ...(until === undefined ? {} : { until: dateOf(until) })
              },
              keyId
            )
            .pipe(
              Effect.catchTag("EndsTooEarly", () =>
                Effect.fail(
                  QueryInvalid.at(
                    until === undefined ? "/at" : "/until",
                    "until must lie after at"
                  )
                )
              )
            )
          return yield* Effect.fromOption(changed).pipe(
            Effect.mapError(() => new AnnotationNotFound({ annotationId: id }))
          )
        }),
        remove: Effect.fn("Annotations.remove")(function* (projectId, id) {
          if (!(yield* repo.remove(projectId, id)))
            return yield* new AnnotationNotFound({ annotationId: id })
        })
      })
    })
  )
}

const dateOf = (instant: string | null): Date | null =>
  instant === null ? null : new Date(instant)
