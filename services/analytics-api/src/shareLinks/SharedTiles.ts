import { TrendsRequest } from "@analytics/analytics-core/query/trends/TrendsRequest"
import { makeNotes, RequestNotes } from "@analytics/api-common/RequestNotes"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Clock, Context, Duration, Effect, Layer, Option, Schema } from "effect"
import type { SavedQuery } from "../insights/Insight.ts"
import type { AskingProject } from "../query/Queries.ts"
import type { QueriesUnavailable } from "../query/QueryProblems.ts"
import { Watermark } from "../query/Watermark.ts"
import { Results } from "../results/Results.ts"
import { clash, cutOf } from "./clashes.ts"
import type { SharedPart, SharedQuestion } from "./SharedContents.ts"
import { Asked, type Shared, type SharedTile } from "./ShareLink.ts"
import { heldAnswer, sideBySide } from "./sharedAnswer.ts"

/** Tiles of one opening that are asked for together. */
const TILES_AT_ONCE = 4
/** Whoever looks again and again sees what became known in an hour, not in a second. */
const HOUR = 3_600_000

const isTrends = Schema.is(TrendsRequest)
const decodeAsked = Schema.decodeUnknownOption(Asked)

/** Answers what a link shows. */
export class SharedTiles extends Context.Service<
  SharedTiles,
  {
    /** All of them as of the last full hour, in the time of one query together. */
    shown(
      project: AskingProject,
      parts: ReadonlyArray<SharedPart>,
      floor: number
    ): Effect.Effect<Pick<Shared, "asOf" | "tiles">, QueriesUnavailable>
  }
>()("@analytics/analytics-api/shareLinks/SharedTiles") {
  static readonly layer = Layer.effect(
    SharedTiles,
    Effect.gen(function* () {
      const results = yield* Results
      const watermarks = yield* Watermark
      const { timeout } = yield* QueryConfig

      /** None of what has no answer: whoever holds a link does not learn why. */
      const held = Effect.fn("SharedTiles.tile")(function* (
        project: AskingProject,
        { insight, query }: SharedQuestion,
        floor: number,
        asOf: string,
        until: number
      ) {
        const left = until - (yield* Clock.currentTimeMillis)
        const asked = heldAnswer(query, floor, (body) =>
          results
            .answer(project, { ...body, asOf })
            .pipe(Effect.map(({ answer }) => answer))
        ).pipe(Effect.timeout(Math.max(0, left)))
        const unanswered = (none: "refused" | "missing") => (cause: unknown) =>
          Effect.logWarning("a shared tile has no answer", cause).pipe(
            Effect.annotateLogs({ insight: insight.id }),
            Effect.as(none)
          )
        return yield* asked.pipe(
          Effect.catchTag("QueryInvalid", unanswered("refused")),
          Effect.catch(unanswered("missing")),
          Effect.catchDefect(unanswered("missing"))
        )
      })

      return SharedTiles.of({
        shown: Effect.fn("SharedTiles.shown")(function* (project, parts, floor) {
          const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(timeout)
          const { watermark } = yield* watermarks.current
          const asOf = new Date(Math.floor(watermark / HOUR) * HOUR)
          const questions = withoutClashes(parts)
          const notes = yield* RequestNotes
          const answers = yield* Effect.forEach(
            questions,
            (question) => {
              // What the project may still read is not told to whoever holds a link.
              const own = makeNotes()
              return held(project, question, floor, asOf.toISOString(), until).pipe(
                Effect.provideService(RequestNotes, own),
                Effect.ensuring(Effect.sync(() => addUp(notes.facts, own.facts)))
              )
            },
            { concurrency: TILES_AT_ONCE }
          )
          // What is kept apart from a trend stays so while that one has no answer.
          const missing = questions.flatMap(({ query }, index) =>
            answers[index] === "missing" && isTrends(query) ? [cutOf(query)] : []
          )
          const given = questions.flatMap((question, index) => {
            const answer = answers[index]
            return answer === undefined ||
              typeof answer === "string" ||
              ("trends" in answer && missing.includes(answer.cut))
              ? []
              : [{ question, answer }]
          })
          const shown = sideBySide(
            given.map(({ answer }) => answer),
            floor
          )
          const byQuestion = new Map(
            given.map(({ question }, index) => [question, shown[index]])
          )
          const tiles = parts.map((part): SharedTile => {
            if ("markdown" in part) return { type: "markdown", markdown: part.markdown }
            const { chart, description, name } = part.insight
            const answer = byQuestion.get(part)
            if (answer === undefined)
              return { type: "problem", name, detail: "This cannot be shown now." }
            const { query } = part
            const timezone = zoneOf(query) ?? project.timezone
            return {
              type: "answer",
              name,
              description,
              chart,
              timezone,
              asked: labels(query),
              ...answer
            }
          })
          notes.facts["kind"] = "shared"
          return { asOf, tiles }
        })
      })
    })
  )
}

/** Questions, but for those that one before divides otherwise, since they were shared. */
const withoutClashes = (
  parts: ReadonlyArray<SharedPart>
): ReadonlyArray<SharedQuestion> => {
  const kept: Array<SharedQuestion> = []
  for (const part of parts)
    if ("query" in part && !kept.some(({ query }) => clash(query, part.query)))
      kept.push(part)
  return kept
}

const zoneOf = ({ timezone }: SavedQuery): string | undefined =>
  typeof timezone === "string" ? timezone : undefined

const labels = (query: SavedQuery): typeof Asked.Type =>
  Option.getOrElse(decodeAsked(query), () => ({}))

type Facts = RequestNotes["facts"]

const addUp = (all: Facts, one: Facts): void => {
  for (const name of ["rowsRead", "bytesRead"])
    all[name] = Number(all[name] ?? 0) + Number(one[name] ?? 0)
}
