import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import {
  type PeopleSelection,
  type QueryKind,
  statement
} from "../../src/query/Compiled.ts"
import { decodeStrictly } from "../../src/query/decodeStrictly.ts"
import { answer, contextOf } from "./eventStore.ts"

/** Asks one kind of query; `defaults` are the fields that requests leave out. */
export const askKind = <Request, Result>(
  kind: QueryKind<Request, Result>,
  defaults: object
) => {
  const asked = (request: object) =>
    decodeStrictly(kind.request)({ kind: kind.kind, ...defaults, ...request })
  return {
    ask: Effect.fnUntraced(function* (
      request: object,
      project: number,
      hasLinks = false
    ) {
      const context = { ...contextOf(project), hasLinks }
      return yield* answer(yield* kind.compile(yield* asked(request), context))
    }),
    /** The people behind one of its numbers, in order. */
    peopleOf: Effect.fnUntraced(function* (
      request: object,
      selection: PeopleSelection,
      project: number,
      hasLinks = false
    ) {
      const context = { ...contextOf(project), hasLinks }
      const people = yield* kind.people?.(yield* asked(request), selection, context) ??
        Effect.die("no people")
      const { sql, params } = statement("people", people)
      const rows = yield* (yield* ClickHouse).query(sql, { params })
      return rows.map(({ person }) => Number(person)).sort((a, b) => a - b)
    })
  }
}
