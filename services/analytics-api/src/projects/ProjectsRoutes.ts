import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { AppRuntime } from "../App.ts"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { Project, ProjectName, ProjectNotFound, TimeZoneName } from "./Project.ts"
import { ProjectParams } from "./ProjectParams.ts"
import { CreatedProject, Projects } from "./Projects.ts"

const NewProject = Schema.Struct({
  name: ProjectName,
  timezone: Schema.optionalKey(TimeZoneName)
}).annotate({ examples: [{ name: "Shop", timezone: "Europe/Berlin" }] })

const ProjectPatch = Schema.Struct({
  name: Schema.optionalKey(ProjectName),
  timezone: Schema.optionalKey(TimeZoneName)
}).annotate({ examples: [{ timezone: "America/New_York" }] })

const ProjectList = Schema.Struct({ projects: Schema.Array(Project) })

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(ControlUnavailable)
}

const security = [{ key: [] }]

export const projectsRoutes = (runtime: AppRuntime) =>
  new Elysia({ prefix: "/v1/projects", tags: ["projects"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, run }) =>
        run(
          CreatedProject,
          Effect.gen(function* () {
            yield* (yield* Auth).admin(headers["authorization"])
            return yield* (yield* Projects).create(body)
          }),
          201
        ),
      {
        body: received(NewProject),
        response: { 201: sent(CreatedProject), ...refusals },
        detail: { summary: "Create a project (admin key)", security }
      }
    )
    .get(
      "",
      ({ headers, run }) =>
        run(
          ProjectList,
          Effect.gen(function* () {
            yield* (yield* Auth).admin(headers["authorization"])
            return { projects: yield* (yield* Projects).list }
          })
        ),
      {
        response: { 200: sent(ProjectList), ...refusals },
        detail: { summary: "List the projects (admin key)", security }
      }
    )
    .get(
      "/:projectId",
      ({ headers, params, run }) =>
        run(
          Project,
          Effect.gen(function* () {
            const access = yield* (yield* Auth).adminOrProject(headers["authorization"])
            return yield* (yield* Projects).get(access, params.projectId)
          })
        ),
      {
        params: received(ProjectParams),
        response: { 200: sent(Project), 404: sent(ProjectNotFound), ...refusals },
        detail: { summary: "Read one project (admin or its secret key)", security }
      }
    )
    .patch(
      "/:projectId",
      ({ body, headers, params, run }) =>
        run(
          Project,
          Effect.gen(function* () {
            yield* (yield* Auth).admin(headers["authorization"])
            return yield* (yield* Projects).change(params.projectId, body)
          })
        ),
      {
        params: received(ProjectParams),
        body: received(ProjectPatch),
        response: { 200: sent(Project), 404: sent(ProjectNotFound), ...refusals },
        detail: { summary: "Rename a project or move its days (admin key)", security }
      }
    )
    .delete(
      "/:projectId",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            yield* (yield* Auth).admin(headers["authorization"])
            yield* (yield* Projects).remove(params.projectId)
          }),
          204
        ),
      {
        params: received(ProjectParams),
        response: { 204: sent(Schema.Void), 404: sent(ProjectNotFound), ...refusals },
        detail: {
          summary: "Delete a project and revoke its keys (admin key)",
          description:
            "Its id is never given out again. Its events are removed, and stay accounted for as erased; what still arrives is dropped.",
          security
        }
      }
    )
