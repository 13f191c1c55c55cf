import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import {
  Clock,
  Context,
  Duration,
  Effect,
  Fiber,
  FiberMap,
  Layer,
  Option,
  Schema
} from "effect"
import { HttpApiError } from "effect/http-api"
import type { ControlUnavailable } from "../../ControlUnavailable.ts"
import { QueriesUnavailable } from "../../query/QueryProblems.ts"
import { QueryRepo } from "../../query/QueryRepo.ts"
import { Watermark } from "../../query/Watermark.ts"
import { CohortNotFound } from "../Cohort.ts"
import { WatermarkHolds } from "../WatermarkHolds.ts"
import { CohortPeopleRepo } from "./CohortPeopleRepo.ts"
import { CohortRefreshRepo } from "./CohortRefreshRepo.ts"
import { HEARTBEAT, KEPT_FOR, LONGEST, LOOK, WAIT } from "./refreshLimits.ts"
import type { Begun, RefreshRequest } from "./refreshRows.ts"

/** It failed too often to be tried again now. */
export class CohortRefreshFailed extends HttpApiError.Problem<CohortRefreshFailed>()(
  "CohortRefreshFailed",
  {
    type: "urn:analytics:problem:cohort-refresh-failed",
    status: 409,
    title: "The cohort could not be refreshed"
  }
) {}

/** A refresh that goes on, or what it found. */
export const Refreshed = Schema.Union([
  Schema.Struct({ state: Schema.Literal("running") }),
  Schema.Struct({
    state: Schema.Literal("done"),
    people: Schema.Int,
    watermark: Schema.DateFromString
  })
])
export type Refreshed = typeof Refreshed.Type

type Refusal =
  | CohortNotFound
  | CohortRefreshFailed
  | ControlUnavailable
  | QueriesUnavailable

/** Materialises the people of cohorts, one attempt of a cohort at a time. */
export class CohortRefreshes extends Context.Service<
  CohortRefreshes,
  {
    /**
     * Begins a refresh, or looks after one that was begun; it goes on when nobody waits. One
     * that succeeded is answered the same for ever.
     */
    refresh(request: RefreshRequest): Effect.Effect<Refreshed, Refusal>
    /** The cohorts of a project, oldest first. */
    cohorts(projectId: number): Effect.Effect<ReadonlyArray<string>, ControlUnavailable>
  }
>()("@analytics/analytics-api/cohorts/refresh/CohortRefreshes") {
  static readonly layer = Layer.effect(
    CohortRefreshes,
    Effect.gen(function* () {
      const repo = yield* CohortRefreshRepo
      const people = yield* CohortPeopleRepo
      const queries = yield* QueryRepo
      const watermarks = yield* Watermark
      const holds = yield* WatermarkHolds
      const owner = crypto.randomUUID()
      const fibers = yield* FiberMap.make<string, string | undefined>()
      const keptFor = Duration.toMillis(Duration.fromInputUnsafe(KEPT_FOR))

      const asked = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.mapError(effect, () => new QueriesUnavailable({}))

      /** Writes the people, then lets queries of moments to come use them. */
      const work = Effect.fn("CohortRefreshes.work")(function* (
        { cohortId: id, projectId }: RefreshRequest,
        { definition, version }: Extract<Begun, { _tag: "Begun" }>,
        watermark: number,
        removing: boolean
      ) {
        const context: QueryContext = {
          projectId,
          timezone: "UTC",
          now: watermark,
          watermark,
          hasLinks: yield* asked(queries.hasLinks(projectId, watermark)),
          hasTraitChanges: yield* asked(queries.hasTraitChanges(projectId, watermark)),
          removals: removing
        }
        const count = yield* people.write(context, { definition, id }, version)
        // Whoever is being erased since then is among them, unless they were left out.
        if (!removing && (yield* asked(queries.hasRemovals(projectId))))
          return yield* new QueriesUnavailable({
            detail: "Something of the project is being removed since it began."
          })
        const isKept = yield* holds.during((effectiveAt) =>
          repo.finish(version, { people: count, effectiveAt })
        )
        if (!isKept) yield* Effect.logWarning("a refresh of a cohort lost its lease")
      })

      /** Ends only with an attempt that is no longer ours. */
      const lease = (version: string) =>
        repo.beat(version).pipe(
          Effect.catch(() => Effect.succeed(true)),
          Effect.delay(HEARTBEAT),
          Effect.repeat({ while: (isOurs) => isOurs }),
          Effect.asVoid
        )

      /** What nothing can need any more; the next refresh tries what this one does not. */
      const sweep = Effect.fn("CohortRefreshes.sweep")(function* (projectId: number) {
        const now = yield* Clock.currentTimeMillis
        yield* repo.retire(projectId, new Date(now - keptFor))
        const versions = yield* repo.leftovers(projectId)
        if (versions.length === 0) return
        yield* people.remove(projectId, versions)
        yield* repo.swept(projectId, versions)
      })

      /** Why it failed, if it did. */
      const attempt = (
        request: RefreshRequest,
        begun: Extract<Begun, { _tag: "Begun" }>,
        watermark: number,
        removing: boolean
      ) =>
        work(request, begun, watermark, removing).pipe(
          Effect.timeoutOrElse({
            duration: LONGEST,
            orElse: () =>
              Effect.fail(
                new QueriesUnavailable({ detail: `It took longer than ${LONGEST}.` })
              )
          }),
          Effect.raceFirst(lease(begun.version)),
          Effect.catchDefect((defect) =>
            Effect.logError("a refresh of a cohort died", defect).pipe(
              Effect.andThen(
                Effect.fail(
                  new QueriesUnavailable({ detail: "The fault is ours, and logged." })
                )
              )
            )
          ),
          Effect.as(undefined),
          Effect.catch((error) => {
            const why = error.detail ?? error.title
            return Effect.as(untidy(repo.fail(begun.version, why)), why)
          }),
          Effect.onInterrupt(() =>
            untidy(repo.fail(begun.version, "Its process was stopped."))
          ),
          Effect.tap(untidy(sweep(request.projectId)))
        )

      const step = Effect.fnUntraced(function* (request: RefreshRequest) {
        const known = yield* watermarks.current
        if (known.isStale)
          return yield* new QueriesUnavailable({
            detail: "data-ingestion does not tell the watermark."
          })
        const { projectId } = request
        const removing =
          known.removing?.has(projectId) ??
          (yield* asked(queries.hasRemovals(projectId)))
        const begun = yield* repo.begin(request, {
          owner,
          asOf: new Date(known.watermark)
        })
        if (begun._tag !== "Begun") return begun
        const fiber = yield* FiberMap.run(
          fibers,
          begun.version,
          attempt(request, begun, known.watermark, removing)
        )
        return { _tag: "Under way", fiber } as const
      })

      return CohortRefreshes.of({
        cohorts: repo.ids,
        refresh: Effect.fn("CohortRefreshes.refresh")(function* (request) {
          const until = (yield* Clock.currentTimeMillis) + waitMillis
          for (;;) {
            const begun = yield* step(request)
            const left = until - (yield* Clock.currentTimeMillis)
            switch (begun._tag) {
              case "Done":
                return { state: "done", people: begun.people, watermark: begun.asOf }
              case "Missing":
                return yield* new CohortNotFound({ cohortId: request.cohortId })
              case "Refused":
                return yield* new CohortRefreshFailed({ detail: begun.detail })
              case "Under way": {
                const ended = Fiber.join(begun.fiber).pipe(Effect.timeoutOption(left))
                const failure = yield* ended
                if (Option.isNone(failure)) return { state: "running" }
                if (failure.value === undefined) break
                return yield* new QueriesUnavailable({ detail: failure.value })
              }
              default:
                if (left <= 0) return { state: "running" }
                yield* Effect.sleep(LOOK)
            }
          }
        })
      })
    })
  )
}

const untidy = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.catch(effect, (error) =>
    Effect.logWarning("a refresh of a cohort was not tidied up", error)
  )

const waitMillis = Duration.toMillis(Duration.fromInputUnsafe(WAIT))
