import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { ChampionMoves, championBefore } from "./championBefore.ts"
import type { Actor, AliasName } from "./Model.ts"
import { type ModelsUnavailable, orUnavailable } from "./RegistryProblems.ts"
import { audited, changing } from "./registryRows.ts"

/** One version of a model. */
export interface VersionOf {
  readonly model: string
  readonly version: number
}

/** What an alias must name for a change; undefined: anything. */
export type Expected = number | null | undefined

export type AliasChanged =
  | { readonly _tag: "Changed" }
  | { readonly _tag: "NoVersion" }
  /** It names something else than was expected. */
  | { readonly _tag: "Moved"; readonly version: number | null }

/** How a version becomes one that is to be ready: `Full` where as many are as may be. */
export type Placed = "placed" | "unknown" | "full"

/** A promotion that takes longer than this has lost its process. */
const WARM = "2 minutes"

/** Changes of a champion that are looked back on. */
const LONGEST_PAST = 10_000

const AliasRow = Schema.Array(Schema.Struct({ version: Schema.Int }))

/** Which versions are to be ready, and under which alias. Changes happen one by one. */
export class PlacementRepo extends Context.Service<
  PlacementRepo,
  {
    setAlias(
      actor: Actor,
      target: VersionOf,
      alias: AliasName,
      expected: Expected,
      action: "alias.set" | "alias.rolled_back"
    ): Effect.Effect<AliasChanged, ModelsUnavailable>
    removeAlias(
      actor: Actor,
      model: string,
      alias: AliasName,
      expected: Expected
    ): Effect.Effect<AliasChanged, ModelsUnavailable>
    /** What the champion was before it became what it is, by the audit. */
    before(
      projectId: number,
      model: string
    ): Effect.Effect<Option.Option<number>, ModelsUnavailable>
    /** To be ready for a while although no alias names it. */
    warm(
      projectId: number,
      target: VersionOf,
      most: number
    ): Effect.Effect<Placed, ModelsUnavailable>
    /** Ends that. */
    cool(projectId: number, target: VersionOf): Effect.Effect<void, ModelsUnavailable>
    /** Versions that are to be ready without an alias. */
    loaded(
      projectId: number,
      model: string
    ): Effect.Effect<ReadonlyArray<number>, ModelsUnavailable>
    /** To be ready, or no longer, without an alias. */
    setLoaded(
      actor: Actor,
      target: VersionOf,
      loaded: boolean,
      most: number
    ): Effect.Effect<Placed, ModelsUnavailable>
  }
>()("@analytics/ml-inference/registry/PlacementRepo") {
  static readonly layer = Layer.effect(
    PlacementRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const championMoves = Schema.decodeUnknownEffect(ChampionMoves)
      const aliasRows = Schema.decodeUnknownEffect(AliasRow)
      const of = (projectId: number, model: string) =>
        sql`project_id = ${String(projectId)}::text::bigint AND model = ${model}`
      const current = Effect.fnUntraced(function* (
        projectId: number,
        model: string,
        alias: AliasName
      ) {
        const rows = yield* sql`
          SELECT version FROM ml.aliases
           WHERE ${of(projectId, model)} AND alias = ${alias}`
        return (yield* aliasRows(rows))[0]?.version ?? null
      })
      const exists = (projectId: number, { model, version }: VersionOf) =>
        sql`
          SELECT 1 FROM ml.versions
           WHERE ${of(projectId, model)} AND version = ${version}::int`.pipe(
          Effect.map((rows) => rows.length > 0)
        )
      /** Whether there is room for one more beside those that are to be ready. */
      const hasRoom = (
        projectId: number,
        { model, version }: VersionOf,
        most: number
      ) =>
        sql<{ others: number }>`
          SELECT count(*)::int AS others FROM ml.versions AS v
           WHERE (v.loaded OR v.warm_until > clock_timestamp() OR EXISTS (
                   SELECT FROM ml.aliases AS a
                    WHERE a.project_id = v.project_id AND a.model = v.model
                      AND a.version = v.version))
             AND NOT (v.project_id = ${String(projectId)}::text::bigint
                      AND v.model = ${model} AND v.version = ${version}::int)`.pipe(
          Effect.map(([row]) => (row?.others ?? 0) < most)
        )
      return PlacementRepo.of({
        setAlias: Effect.fn("PlacementRepo.setAlias")(
          (actor, target, alias, expected, action) =>
            changing(sql)(
              Effect.fnUntraced(function* (revision) {
                const { model, version } = target
                const now = yield* current(actor.projectId, model, alias)
                if (expected !== undefined && expected !== now)
                  return { _tag: "Moved", version: now } as const
                if (!(yield* exists(actor.projectId, target)))
                  return { _tag: "NoVersion" } as const
                if (now === version) return { _tag: "Changed" } as const
                yield* sql`
                  INSERT INTO ml.aliases
                    (project_id, model, alias, version, revision, updated_by)
                  VALUES (${String(actor.projectId)}::text::bigint, ${model}, ${alias},
                          ${version}::int, ${String(revision)}::text::bigint, ${actor.actor})
                  ON CONFLICT (project_id, model, alias) DO UPDATE
                    SET version = excluded.version, revision = excluded.revision,
                        updated_by = excluded.updated_by, updated_at = clock_timestamp()`
                const details = { alias, from: now, to: version }
                yield* audited(sql, { ...actor, model, version, action, details })
                return { _tag: "Changed" } as const
              })
            ).pipe(orUnavailable)
        ),
        removeAlias: Effect.fn("PlacementRepo.removeAlias")(
          (actor, model, alias, expected) =>
            changing(sql)(
              Effect.fnUntraced(function* () {
                const now = yield* current(actor.projectId, model, alias)
                if (expected !== undefined && expected !== now)
                  return { _tag: "Moved", version: now } as const
                if (now === null) return { _tag: "NoVersion" } as const
                yield* sql`
                  DELETE FROM ml.aliases
                   WHERE ${of(actor.projectId, model)} AND alias = ${alias}`
                const details = { alias, from: now, to: null }
                const action = "alias.removed"
                yield* audited(sql, { ...actor, model, version: now, action, details })
                return { _tag: "Changed" } as const
              })
            ).pipe(orUnavailable)
        ),
        before: Effect.fn("PlacementRepo.before")((projectId, model) =>
          sql`
            SELECT action, (details ->> 'from')::int AS "from" FROM ml.audit
             WHERE ${of(projectId, model)} AND details ->> 'alias' = 'champion'
             ORDER BY id DESC LIMIT ${LONGEST_PAST}::int`.pipe(
            Effect.flatMap(championMoves),
            Effect.map(championBefore),
            Effect.flatMap((version) =>
              version === null
                ? Effect.succeedNone
                : Effect.map(exists(projectId, { model, version }), (there) =>
                    there ? Option.some(version) : Option.none()
                  )
            ),
            within("5 seconds"),
            orUnavailable
          )
        ),
        warm: Effect.fn("PlacementRepo.warm")((projectId, target, most) =>
          changing(sql)(
            Effect.fnUntraced(function* () {
              if (!(yield* exists(projectId, target))) return "unknown" as const
              if (!(yield* hasRoom(projectId, target, most))) return "full" as const
              yield* sql`
                UPDATE ml.versions
                   SET warm_until = clock_timestamp() + ${WARM}::text::interval
                 WHERE ${of(projectId, target.model)} AND version = ${target.version}::int`
              return "placed" as const
            })
          ).pipe(orUnavailable)
        ),
        cool: Effect.fn("PlacementRepo.cool")((projectId, target) =>
          changing(sql)(
            () => sql`
              UPDATE ml.versions SET warm_until = NULL
               WHERE ${of(projectId, target.model)} AND version = ${target.version}::int`
          ).pipe(Effect.asVoid, orUnavailable)
        ),
        loaded: Effect.fn("PlacementRepo.loaded")((projectId, model) =>
          sql`
            SELECT version FROM ml.versions
             WHERE ${of(projectId, model)} AND loaded ORDER BY version`.pipe(
            within("5 seconds"),
            Effect.flatMap(aliasRows),
            Effect.map((rows) => rows.map(({ version }) => version)),
            orUnavailable
          )
        ),
        setLoaded: Effect.fn("PlacementRepo.setLoaded")((actor, target, loaded, most) =>
          changing(sql)(
            Effect.fnUntraced(function* () {
              const { model, version } = target
              if (!(yield* exists(actor.projectId, target))) return "unknown" as const
              if (loaded && !(yield* hasRoom(actor.projectId, target, most)))
                return "full" as const
              const changed = yield* sql`
                UPDATE ml.versions SET loaded = ${loaded}
                 WHERE ${of(actor.projectId, model)} AND version = ${version}::int
                   AND loaded <> ${loaded}
                RETURNING 1`
              const action = loaded ? "version.loaded" : "version.unloaded"
              if (changed.length > 0)
                yield* audited(sql, { ...actor, model, version, action })
              return "placed" as const
            })
          ).pipe(orUnavailable)
        )
      })
    })
  )
}
