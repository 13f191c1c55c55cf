import { Context, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import type { Access } from "../access/Access.ts"
import { requireProject } from "../access/Access.ts"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import { newKey } from "../keys/newKey.ts"
import { Project, type ProjectId, type ProjectNotFound } from "./Project.ts"
import { type ProjectChange, ProjectRepo } from "./ProjectRepo.ts"

/** A project with its first keys, which nobody can read again. */
export const CreatedProject = Schema.Struct({
  ...Project.fields,
  writeKey: Schema.String.annotate({ description: "Sends events; shown this once" }),
  secretKey: Schema.String.annotate({ description: "Reads; shown this once" })
})
export type CreatedProject = typeof CreatedProject.Type

/** With 100,000 projects the fifth try is needed once in 10^18 times. */
const idTries = 5

/** The rules about projects. */
export class Projects extends Context.Service<
  Projects,
  {
    /** In UTC unless another time zone is named. */
    create(input: {
      readonly name: string
      readonly timezone?: string
    }): Effect.Effect<CreatedProject, ControlUnavailable>
    get(
      access: Access,
      id: ProjectId
    ): Effect.Effect<Project, ProjectNotFound | ControlUnavailable>
    readonly list: Effect.Effect<ReadonlyArray<Project>, ControlUnavailable>
    change(
      id: ProjectId,
      change: ProjectChange
    ): Effect.Effect<Project, ProjectNotFound | ControlUnavailable>
    remove(id: ProjectId): Effect.Effect<void, ProjectNotFound | ControlUnavailable>
  }
>()("@analytics/analytics-api/projects/Projects") {
  static readonly layer = Layer.effect(
    Projects,
    Effect.gen(function* () {
      const repo = yield* ProjectRepo

      const create = Effect.fn("Projects.create")(function* ({
        name,
        timezone = "UTC"
      }: {
        readonly name: string
        readonly timezone?: string
      }) {
        const write = newKey("write")
        const secret = newKey("secret")
        const project = yield* Effect.suspend(() =>
          repo.insert({ id: randomId(), name, timezone }, [write, secret])
        ).pipe(
          Effect.retry({
            while: (error) => error._tag === "ProjectIdTaken",
            schedule: Schedule.recurs(idTries - 1)
          }),
          // Five random ids in a row that are all taken mean a broken random source.
          Effect.catchTag("ProjectIdTaken", Effect.die)
        )
        yield* Effect.logInfo("project created").pipe(
          Effect.annotateLogs({ projectId: project.id })
        )
        return {
          ...project,
          writeKey: Redacted.value(write.key),
          secretKey: Redacted.value(secret.key)
        }
      })

      return Projects.of({
        create,
        get: Effect.fn("Projects.get")(function* (access, id) {
          yield* requireProject(access, id)
          return yield* repo.byId(id)
        }),
        list: repo.all,
        change: repo.update,
        remove: Effect.fn("Projects.remove")(function* (id) {
          yield* repo.remove(id)
          yield* Effect.logInfo("project deleted").pipe(
            Effect.annotateLogs({ projectId: id })
          )
        })
      })
    })
  )
}

/** From 1 to 2^32 - 1, from the system's random source. */
const randomId = (): ProjectId => {
  const [id = 0] = crypto.getRandomValues(new Uint32Array(1))
  return id === 0 ? randomId() : id
}
