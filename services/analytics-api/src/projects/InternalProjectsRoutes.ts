import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema, Struct } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { Project, ProjectNotFound } from "./Project.ts"
import { ProjectParams } from "./ProjectParams.ts"
import { Projects } from "./Projects.ts"

const NamedProject = Schema.Struct(
  Struct.pick(Project.fields, ["id", "name", "timezone"])
)

/** What other services of the installation must know of a project to speak of it. */
export const internalProjectsRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Projects, ER>
) =>
  new Elysia({ tags: ["internal"] }).use(effectPlugin(runtime)).get(
    "/internal/v1/projects/:projectId",
    ({ headers, params, run }) =>
      run(
        NamedProject,
        Effect.gen(function* () {
          yield* (yield* Auth).service(headers["authorization"])
          const projects = yield* Projects
          const project = yield* projects.get({ _tag: "Admin" }, params.projectId)
          return Struct.pick(project, ["id", "name", "timezone"])
        })
      ),
    {
      params: received(ProjectParams),
      response: {
        200: sent(NamedProject),
        401: sent(Unauthorized),
        404: sent(ProjectNotFound),
        503: sent(ControlUnavailable)
      },
      detail: {
        summary: "The name and the time zone of a project (service key)",
        security: [{ key: [] }]
      }
    }
  )
