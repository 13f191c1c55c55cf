import { numberText } from "../format/numberText.ts"
import { plainLine } from "../format/plainText.ts"
import type { ReportDocument } from "../ReportDocument.ts"
import { numbersOf, type ReportNumber } from "./numbersOf.ts"

/** A number that is another one now. */
export interface Difference {
  readonly section: string
  readonly number: string
  /** As they are written; `–` where there is none. */
  readonly before: string
  readonly after: string
}

/** With a count of how often the same name came before: two sections may be called alike. */
const keyed = (document: ReportDocument): ReadonlyMap<string, ReportNumber> => {
  const times = new Map<string, number>()
  const all = new Map<string, ReportNumber>()
  for (const number of numbersOf(document)) {
    const key = JSON.stringify([number.section, number.known ?? number.name])
    const nth = times.get(key) ?? 0
    times.set(key, nth + 1)
    all.set(`${key}${nth}`, number)
  }
  return all
}

const titlesOfFailed = ({ blocks }: ReportDocument): ReadonlySet<string> =>
  new Set(blocks.flatMap((block) => (block.type === "failed" ? [block.title] : [])))

/**
 * Whether somebody who knows one number must hear of the other: it differs by more than
 * that share of the larger one. Nothing and 0 are the same.
 */
const isOther = (
  before: number | null,
  after: number | null,
  tolerance: number
): boolean => {
  const [left, right] = [before ?? 0, after ?? 0]
  return Math.abs(left - right) > tolerance * Math.max(Math.abs(left), Math.abs(right))
}

/**
 * What `after` says that `before` did not, in the order of the report. A section that
 * cannot be made now says nothing about what it said before.
 *
 * @param tolerance share of a number, from 0 to 1
 */
export const differences = (
  before: ReportDocument,
  after: ReportDocument,
  tolerance: number
): ReadonlyArray<Difference> => {
  const [old, now] = [keyed(before), keyed(after)]
  const failed = titlesOfFailed(after)
  const wasFailed = titlesOfFailed(before)
  const written = (number: ReportNumber | undefined) =>
    numberText(
      number?.value ?? null,
      number?.kind ?? "number",
      number?.unit,
      after.locale
    )
  const found: Array<Difference> = []
  for (const key of new Set([...now.keys(), ...old.keys()])) {
    const [was, is] = [old.get(key), now.get(key)]
    const one = is ?? was
    if (one === undefined || (is === undefined && failed.size > 0)) continue
    if (was === undefined && wasFailed.has(one.section)) continue
    if (!isOther(was?.value ?? null, is?.value ?? null, tolerance)) continue
    found.push({
      section: plainLine(one.section, 200),
      number: plainLine(one.name, 200),
      before: written(was),
      after: written(is)
    })
  }
  for (const title of wasFailed)
    if (!failed.has(title))
      found.push({
        section: plainLine(title, 200),
        number: "",
        before: "could not be made",
        after: "is there now"
      })
  return found
}

/** `People each day, 2026-03-02: 1,204 → 1,260`. */
export const differenceText = (it: Difference): string =>
  `${it.section}${it.number === "" ? "" : `, ${it.number}`}: ${it.before} → ${it.after}`
