import { Instant } from "@analytics/analytics-core/query/Common"
import { Schema } from "effect"
import { cursorOf, DEFAULT_PAGE, type Page, PageLimit } from "../insights/Page.ts"
import { Annotation, AnnotationId } from "./Annotation.ts"
import type { AnnotationPlace } from "./AnnotationRepo.ts"

export const AnnotationParams = Schema.Struct({ annotationId: AnnotationId })

/** `<epoch ms>_<id>` of the last one. */
const Cursor = Schema.String.check(
  Schema.isPattern(/^-?\d{1,14}_[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/u, {
    expected: "nextCursor of an answer"
  })
)

const placeOf = (cursor: string): AnnotationPlace => {
  const [at, id = ""] = cursor.split("_")
  return { at: new Date(Number(at)), id }
}

/** Which annotations: those that touch `[from, to)`, an absent end being open. */
export const AnnotationPage = Schema.Struct({
  from: Schema.optionalKey(Instant),
  to: Schema.optionalKey(Instant),
  cursor: cursorOf(Cursor),
  limit: PageLimit
}).check(
  Schema.makeFilter(({ from, to }) =>
    from !== undefined && to !== undefined && Date.parse(to) <= Date.parse(from)
      ? { path: ["to"], issue: "to must lie after from" }
      : undefined
  )
)
export type AnnotationPage = typeof AnnotationPage.Type

export const AnnotationList = Schema.Struct({
  annotations: Schema.Array(Annotation),
  nextCursor: Schema.NullOr(Schema.String)
})

/** What an address asks for, as `Annotations.list` takes it. */
export const askedOf = ({ cursor, from, limit = DEFAULT_PAGE, to }: AnnotationPage) =>
  [
    {
      from: from === undefined ? undefined : new Date(from),
      to: to === undefined ? undefined : new Date(to)
    },
    { after: cursor === undefined ? undefined : placeOf(cursor), limit }
  ] as const

export const listOf = ({ items, nextCursor }: Page<Annotation, AnnotationPlace>) => ({
  annotations: items,
  nextCursor: nextCursor && `${nextCursor.at.getTime()}_${nextCursor.id}`
})
