import { Option, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { EARLIEST, LATEST } from "./Sql.ts"

/**
 * Where the next page begins. It holds the watermark of the first page, so that pages
 * neither repeat nor leave out anything while events go on arriving.
 */
export interface Cursor {
  /** The watermark of the first page, in epoch milliseconds. */
  readonly asOf: number
  /** "Today" of the first page, in epoch milliseconds: ranges by name must not move. */
  readonly now: number
  /** The sort key of the last item that was answered; its kind knows the parts. */
  readonly after: ReadonlyArray<string | number>
}

/** The clock and the calendar know no others. */
const Moment = Schema.Int.check(
  Schema.isBetween({ minimum: EARLIEST, maximum: LATEST })
)

const Written = Schema.fromJsonString(
  Schema.Tuple([
    Moment,
    Moment,
    Schema.Array(Schema.Union([Schema.String, Schema.Finite]))
  ])
)
const decode = Schema.decodeUnknownOption(Written)

export const writeCursor = ({ after, asOf, now }: Cursor): string =>
  Base64Url.encode(JSON.stringify([asOf, now, after]))

/** None for what this service did not write. */
export const readCursor = (text: string): Option.Option<Cursor> =>
  Result.getSuccess(Base64Url.decodeString(text)).pipe(
    Option.flatMap(decode),
    Option.map(([asOf, now, after]) => ({ asOf, now, after }))
  )
