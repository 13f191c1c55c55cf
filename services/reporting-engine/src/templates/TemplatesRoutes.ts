import { Auth } from "@analytics/api-common/access/Auth"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { ProjectQuery, reading } from "../access/ProjectQuery.ts"
import { refusals, security } from "../access/refusals.ts"
import { templates } from "./Templates.ts"

const List = Schema.Struct({
  templates: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      title: Schema.String,
      description: Schema.String,
      parameters: Schema.Array(
        Schema.Struct({ name: Schema.String, description: Schema.String })
      )
    })
  )
})

/** `/v1/report-templates`: what reports can be made from. */
export const templatesRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth, ER>
) =>
  new Elysia({ prefix: "/v1/report-templates", tags: ["reports"] })
    .use(effectPlugin(runtime))
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          List,
          Effect.gen(function* () {
            yield* (yield* Auth).ofProject(
              headers["authorization"],
              reading,
              query.projectId
            )
            return {
              templates: templates.map(({ description, id, parameters, title }) => ({
                id,
                title,
                description,
                parameters
              }))
            }
          })
        ),
      {
        query: received(ProjectQuery),
        response: { 200: sent(List), ...refusals },
        detail: {
          summary: "Reports that come with the product",
          description:
            "`POST /v1/reports {template, parameters}` makes one; what it is not told it finds in what the project has.",
          security
        }
      }
    )
