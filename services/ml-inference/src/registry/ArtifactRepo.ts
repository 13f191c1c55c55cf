import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Exit, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { Actor } from "./Model.ts"
import { type ModelsUnavailable, orUnavailable } from "./RegistryProblems.ts"
import { changing } from "./registryRows.ts"

/** Files of one project that no version names. */
export const MAX_UNUSED = 100
/** What no version names goes away after this. */
const KEPT = "24 hours"
/** Class of the advisory locks on files; the second number is of the file. */
const LOCKS = 20_261_123

const Names = Schema.Array(Schema.Struct({ sha256: Schema.String }))

/** Which files there are, and whose. The bytes are in the object store. */
export class ArtifactRepo extends Context.Service<
  ArtifactRepo,
  {
    /**
     * Before its bytes are stored: nobody removes them from now on for a day. False when
     * the project has as many files without a version as it may.
     */
    claim(
      actor: Actor,
      sha256: string,
      bytes: number
    ): Effect.Effect<boolean, ModelsUnavailable>
    /** The same of a file that the project has; false: it has none. */
    renew(projectId: number, sha256: string): Effect.Effect<boolean, ModelsUnavailable>
    /** Gives up files that no version names, and says which nobody has any more. */
    readonly release: Effect.Effect<ReadonlyArray<string>, ModelsUnavailable>
    /** Does it while nobody can claim the file, unless somebody has; whether it did. */
    unlessClaimed<E>(
      sha256: string,
      remove: Effect.Effect<void, E>
    ): Effect.Effect<boolean, E | ModelsUnavailable>
    /** Whether anything was ever done to a model, by the audit. */
    readonly hasPast: Effect.Effect<boolean, ModelsUnavailable>
    /** Whether there is a version of that id. */
    hasVersion(id: string): Effect.Effect<boolean, ModelsUnavailable>
    /** Everything that these projects have in the registry, but for the audit. */
    removeProjects(ids: ReadonlyArray<number>): Effect.Effect<void, ModelsUnavailable>
  }
>()("@analytics/ml-inference/registry/ArtifactRepo") {
  static readonly layer = Layer.effect(
    ArtifactRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const names = Schema.decodeUnknownEffect(Names)
      const unused = sql.literal(`NOT EXISTS (
        SELECT FROM ml.versions AS v
         WHERE v.project_id = a.project_id AND v.sha256 = a.sha256)`)
      const lock = (sha256: string) =>
        sql`SELECT pg_advisory_xact_lock(${LOCKS}::int, hashtext(${sha256}))`

      return ArtifactRepo.of({
        claim: Effect.fn("ArtifactRepo.claim")(
          ({ actor, projectId }: Actor, sha256: string, bytes: number) =>
            Effect.gen(function* () {
              yield* lock(sha256)
              const project = String(projectId)
              const claimed = yield* sql`
                INSERT INTO ml.artifacts (project_id, sha256, bytes, uploaded_by)
                SELECT ${project}::text::bigint, ${sha256}, ${String(bytes)}::text::bigint,
                       ${actor}
                 WHERE (SELECT count(*) FROM ml.artifacts AS a
                         WHERE a.project_id = ${project}::text::bigint AND ${unused}
                           AND a.sha256 <> ${sha256}) < ${MAX_UNUSED}::int
                ON CONFLICT (project_id, sha256) DO UPDATE
                  SET uploaded_at = clock_timestamp()
                RETURNING 1`
              return claimed.length > 0
            }).pipe(sql.withTransaction, within("20 seconds"), orUnavailable)
        ),
        renew: Effect.fn("ArtifactRepo.renew")((projectId: number, sha256: string) =>
          sql`
            UPDATE ml.artifacts SET uploaded_at = clock_timestamp()
             WHERE project_id = ${String(projectId)}::text::bigint AND sha256 = ${sha256}
            RETURNING 1`.pipe(
            within("5 seconds"),
            Effect.map((rows) => rows.length > 0),
            orUnavailable
          )
        ),
        release: sql`
          DELETE FROM ml.artifacts AS a
           WHERE a.uploaded_at < clock_timestamp() - interval '${sql.literal(KEPT)}'
             AND ${unused}
          RETURNING a.sha256`.pipe(
          within("30 seconds"),
          Effect.flatMap(names),
          Effect.map((rows) => [...new Set(rows.map(({ sha256 }) => sha256))]),
          orUnavailable,
          Effect.withSpan("ArtifactRepo.release")
        ),
        unlessClaimed: Effect.fn("ArtifactRepo.unlessClaimed")(
          <E>(sha256: string, remove: Effect.Effect<void, E>) =>
            Effect.gen(function* () {
              yield* lock(sha256)
              const kept = yield* sql`
                SELECT FROM ml.artifacts WHERE sha256 = ${sha256}
                UNION ALL SELECT FROM ml.versions WHERE sha256 = ${sha256} LIMIT 1`
              if (kept.length > 0) return Exit.succeed(false)
              return yield* Effect.exit(Effect.as(remove, true))
            }).pipe(
              sql.withTransaction,
              within("30 seconds"),
              orUnavailable,
              Effect.flatten
            )
        ),
        hasPast: sql`SELECT 1 FROM ml.audit LIMIT 1`.pipe(
          within("5 seconds"),
          Effect.map((rows) => rows.length > 0),
          orUnavailable
        ),
        hasVersion: Effect.fn("ArtifactRepo.hasVersion")((id: string) =>
          sql`SELECT 1 FROM ml.versions WHERE id = ${id}::uuid`.pipe(
            within("5 seconds"),
            Effect.map((rows) => rows.length > 0),
            orUnavailable
          )
        ),
        removeProjects: Effect.fn("ArtifactRepo.removeProjects")(
          (ids: ReadonlyArray<number>) => {
            const theirs = sql`project_id = ANY(${ids.map(String)}::text[]::bigint[])`
            return Effect.gen(function* () {
              // Seldom any, so that what is served is not looked at for nothing.
              const some = yield* sql`SELECT 1 FROM ml.models WHERE ${theirs} LIMIT 1`
              if (some.length > 0)
                yield* changing(sql)(() => sql`DELETE FROM ml.models WHERE ${theirs}`)
              yield* sql`DELETE FROM ml.artifacts WHERE ${theirs}`.pipe(
                within("30 seconds")
              )
            }).pipe(orUnavailable)
          }
        )
      })
    })
  )
}
