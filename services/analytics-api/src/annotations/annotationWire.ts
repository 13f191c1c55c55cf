import { Instant } from "@analytics/analytics-core/query/Common"
import { Schema, SchemaTransformation } from "effect"
import { cursorOf, DEFAULT_PAGE, type Page, PageLimit } from "../insights/Page.ts"
import { Annotation, AnnotationId } from "./Annotation.ts"
import type { AnnotationPlace } from "./AnnotationRepo.ts"

export const AnnotationParams = Schema.Struct({ annotationId: AnnotationId })

const Place = Schema.Struct({ at: Schema.Date, id: Schema.String })

/** `<epoch ms>_<id>` of the last one. */
const Cursor = Schema.String.check(
  Schema.isPattern(/^-?\d{1,15}_[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/u, {
    expected: "nextCursor of an answer"
  })
).pipe(
  Schema.decodeTo(
    Place,
    SchemaTransformation.transform({
      decode: (text) => {
        const [at, id = ""] = text.split("_")
        return { at: new Date(Number(at)), id }
      },
      encode: ({ at, id }) => `${at.getTime()}_${id}`
    })
  )
)

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
  nextCursor: Schema.NullOr(Cursor)
})

/** What an address asks for, as `Annotations.list` takes it. */
export const askedOf = ({
  cursor: after,
  from,
  limit = DEFAULT_PAGE,
  to
}: AnnotationPage) =>
  [
    {
      from: from === undefined ? undefined : new Date(from),
      to: to === undefined ? undefined : new Date(to)
    },
    { after, limit }
  ] as const

export const listOf = ({ items, nextCursor }: Page<Annotation, AnnotationPlace>) => ({
  annotations: items,
  nextCursor
})
