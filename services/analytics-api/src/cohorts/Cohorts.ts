import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { conditionsIn } from "@analytics/analytics-core/query/Filter"
import { nestsDeeperThan } from "@analytics/analytics-core/query/nesting"
import { patternsIn } from "@analytics/analytics-core/query/Query"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { IdHash } from "@analytics/data-processing/IdHash"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, type Option, Redacted } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { ProjectId } from "../projects/Project.ts"
import { QueriesUnavailable } from "../query/QueryProblems.ts"
import { QueryRepo } from "../query/QueryRepo.ts"
import { requirePatterns } from "../query/requirePatterns.ts"
import {
  type Cohort,
  CohortChange,
  CohortConflict,
  type CohortId,
  CohortNotFound,
  type MembersChanged,
  NewCohort
} from "./Cohort.ts"
import { CohortRepo, MAX_COHORTS } from "./CohortRepo.ts"
import { MemberRepo } from "./MemberRepo.ts"
import { makeMemberTurns } from "./memberTurns.ts"
import { WatermarkHolds } from "./WatermarkHolds.ts"

type Unavailable = ControlUnavailable | QueriesUnavailable

export interface CohortPage {
  readonly cohorts: ReadonlyArray<Cohort>
  /** The last id of the page, when there are more. */
  readonly nextCursor: CohortId | null
}

/** Changes of one list, per id: each is a row for ever. */
const MAX_CHANGES = 1_000_000
const MAX_NESTING = 100
const MAX_CONDITIONS = 200

/** The rules about cohorts of a project. Bodies are read as those of queries are. */
export class Cohorts extends Context.Service<
  Cohorts,
  {
    create(
      projectId: ProjectId,
      body: unknown
    ): Effect.Effect<Cohort, QueryInvalid | CohortConflict | Unavailable>
    get(
      projectId: ProjectId,
      id: CohortId
    ): Effect.Effect<Cohort, CohortNotFound | ControlUnavailable>
    list(
      projectId: ProjectId,
      page: { readonly after: CohortId | undefined; readonly limit: number }
    ): Effect.Effect<CohortPage, ControlUnavailable>
    change(
      projectId: ProjectId,
      id: CohortId,
      body: unknown
    ): Effect.Effect<Cohort, CohortNotFound | QueryInvalid | Unavailable>
    remove(
      projectId: ProjectId,
      id: CohortId
    ): Effect.Effect<void, CohortNotFound | ControlUnavailable>
    /** Puts ids on a static list, or takes them off. */
    setMembers(
      projectId: ProjectId,
      id: CohortId,
      ids: ReadonlyArray<string>,
      isMember: boolean
    ): Effect.Effect<MembersChanged, CohortNotFound | CohortConflict | Unavailable>
  }
>()("@analytics/analytics-api/cohorts/Cohorts") {
  static readonly layer = Layer.effect(
    Cohorts,
    Effect.gen(function* () {
      const repo = yield* CohortRepo
      const members = yield* MemberRepo
      const queries = yield* QueryRepo
      const holds = yield* WatermarkHolds
      const inTurn = yield* makeMemberTurns
      const { idHashKey } = yield* Installation
      const idHash = new IdHash(Redacted.value(idHashKey))

      const found = <A>(id: CohortId, cohort: Option.Option<A>) =>
        Effect.fromOption(cohort).pipe(
          Effect.mapError(() => new CohortNotFound({ cohortId: id }))
        )
      const get = Effect.fn("Cohorts.get")(function* (
        projectId: ProjectId,
        id: CohortId
      ) {
        return yield* found(id, yield* repo.byId(projectId, id))
      })

      /** What the schema cannot tell: sizes, and whether patterns can be compiled. */
      const check = Effect.fnUntraced(function* (decoded: unknown) {
        if (conditionsIn(decoded) > MAX_CONDITIONS)
          return yield* QueryInvalid.at(
            "/definition",
            `At most ${MAX_CONDITIONS} conditions in all filters`
          )
        yield* requirePatterns(queries, patternsIn(decoded, "")).pipe(
          Effect.catchTags({
            QueryTimedOut: () => Effect.fail(new QueriesUnavailable({})),
            QueryTooLarge: () => Effect.fail(new QueriesUnavailable({}))
          })
        )
      })

      return Cohorts.of({
        get,
        create: Effect.fn("Cohorts.create")(function* (projectId, body) {
          yield* requireShallow(body)
          const cohort = yield* decodeNew(body)
          yield* check(cohort)
          return yield* Effect.fromOption(yield* repo.insert(projectId, cohort)).pipe(
            Effect.mapError(
              () =>
                new CohortConflict({
                  detail: `A project has at most ${MAX_COHORTS} cohorts; delete some.`
                })
            )
          )
        }),
        list: Effect.fn("Cohorts.list")(function* (projectId, { after, limit }) {
          const rows = yield* repo.page(projectId, after, limit + 1)
          const cohorts = rows.slice(0, limit)
          const nextCursor = rows.length > limit ? (cohorts.at(-1)?.id ?? null) : null
          return { cohorts, nextCursor }
        }),
        change: Effect.fn("Cohorts.change")(function* (projectId, id, body) {
          yield* requireShallow(body)
          const change = yield* decodeChange(body)
          yield* check(change)
          const old = yield* get(projectId, id)
          if (change.definition && change.definition.type !== old.definition.type)
            return yield* QueryInvalid.at(
              "/definition/type",
              `It stays ${old.definition.type}; make another cohort`
            )
          return yield* found(id, yield* repo.update(projectId, id, change))
        }),
        remove: Effect.fn("Cohorts.remove")(function* (projectId, id) {
          yield* found(id, yield* repo.remove(projectId, id))
        }),
        setMembers: Effect.fn("Cohorts.setMembers")(
          function* (projectId, id, ids, isMember) {
            const { definition } = yield* get(projectId, id)
            if (definition.type !== "static")
              return yield* new CohortConflict({
                detail: "Its rule decides who belongs to it; only static lists change."
              })
            const distinct = [...new Set(ids)]
            const requireRoom = Effect.gen(function* () {
              const changes = yield* members.changes(projectId, id)
              if (changes + distinct.length > MAX_CHANGES)
                return yield* new CohortConflict({
                  detail: `A list takes at most ${MAX_CHANGES} changes; make another.`
                })
            })
            const idHashes = distinct.map((each) => idHash.id(projectId, each))
            const hold = holds.during((knownAt) =>
              Effect.gen(function* () {
                const next = yield* repo.nextChange(projectId, id, knownAt)
                const changedAt = yield* found(id, next)
                const change = { projectId, cohort: id, idHashes, changedAt, isMember }
                yield* members.record(change)
                return changedAt
              })
            )
            const changedAt = yield* inTurn(
              projectId,
              Effect.andThen(requireRoom, hold)
            )
            return {
              // Watermarks are whole milliseconds: the first one that counts it.
              changedAt: new Date(Number((changedAt + 999n) / 1000n)),
              ids: distinct.length
            }
          }
        )
      })
    })
  )
}

const decodeNew = decodeStrictly(NewCohort)
const decodeChange = decodeStrictly(CohortChange)

const requireShallow = (body: unknown): Effect.Effect<void, QueryInvalid> =>
  nestsDeeperThan(body, MAX_NESTING)
    ? Effect.fail(
        QueryInvalid.at("", `At most ${MAX_NESTING} levels of arrays and objects`)
      )
    : Effect.void
