import { Forbidden } from "@analytics/api-common/AuthProblems"
import { type DateTime, Effect } from "effect"
import type { Scope } from "../keys/Key.ts"
import { type ProjectId, ProjectNotFound } from "../projects/Project.ts"

/** The holder of a secret key: one project, and what it may do there. */
export interface ProjectAccess {
  readonly _tag: "Project"
  readonly keyId: string
  readonly projectId: ProjectId
  readonly scopes: ReadonlyArray<string>
  /** Null is never. */
  readonly expiresAt: DateTime.Utc | null
  /** The project's own time zone. */
  readonly timezone: string
}

/** Who asks: the installation's administrator, or the holder of a secret key. */
export type Access = { readonly _tag: "Admin" } | ProjectAccess

/** Any of them will do. */
export type Scopes = readonly [Scope, ...ReadonlyArray<Scope>]

export const requireScope = (
  access: ProjectAccess,
  ...scopes: Scopes
): Effect.Effect<void, Forbidden> =>
  scopes.some((scope) => access.scopes.includes(scope))
    ? Effect.void
    : Effect.fail(
        new Forbidden({ detail: `It lacks the scope "${scopes.join('" or "')}".` })
      )

/** To the key of another project, a project does not exist. */
export const requireProject = (
  access: Access,
  projectId: ProjectId
): Effect.Effect<void, ProjectNotFound> =>
  access._tag === "Admin" || access.projectId === projectId
    ? Effect.void
    : Effect.fail(new ProjectNotFound({ projectId }))
