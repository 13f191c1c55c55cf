import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { serving, TargetProject } from "../insights/asking.ts"
import { security } from "../insights/insightWire.ts"
import { ProjectNotFound } from "../projects/Project.ts"
import type { Projects } from "../projects/Projects.ts"
import { Annotations } from "./Annotations.ts"
import { AnnotationList, AnnotationPage, askedOf, listOf } from "./annotationWire.ts"

const TargetPage = Schema.Struct({ ...TargetProject.fields, ...AnnotationPage.fields })

/** What other services of the installation ask about annotations of a project. */
export const internalAnnotationsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Annotations | Projects, ER>
) =>
  new Elysia({ tags: ["internal"] }).use(effectPlugin(runtime)).get(
    "/internal/v1/annotations",
    ({ headers, query: { projectId, ...page }, run }) =>
      run(
        AnnotationList,
        Effect.gen(function* () {
          const target = yield* serving(headers["authorization"], projectId)
          const annotations = yield* Annotations
          return listOf(yield* annotations.list(target.projectId, ...askedOf(page)))
        })
      ),
    {
      query: received(TargetPage),
      response: {
        200: sent(AnnotationList),
        401: sent(Unauthorized),
        404: sent(ProjectNotFound),
        503: sent(ControlUnavailable)
      },
      detail: {
        summary: "List the annotations of a project that touch a range (service key)",
        security
      }
    }
  )
