import { Schema } from "effect"
import { Instant } from "../Common.ts"
import { Filter, Filters } from "../Filter.ts"
import { parseProperty } from "../Property.ts"

/** Rules inside each other. */
const MAX_DEPTH = 10
/** Things a definition may ask about; each is read by itself. */
export const MAX_RULES = 20
const MAX_DAYS = 3660
const MAX_TIMES = 1_000_000_000

const times = (minimum: number) =>
  Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum, maximum: MAX_TIMES }))
  )

const when = {
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description: "A stored event name; without it any track, page or screen matches"
  }),
  filters: Schema.optionalKey(Filters),
  within: Schema.optionalKey(
    Schema.Union([
      Schema.String.check(
        Schema.isPattern(/^[1-9]\d{0,3}d$/u, { expected: "days, as in 30d" })
      ),
      Schema.Struct({
        days: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_DAYS }))
      })
    ])
  ).annotate({
    description: "So many times 24 hours before the moment of the question"
  }),
  from: Schema.optionalKey(Instant),
  to: Schema.optionalKey(Instant)
}

interface When {
  readonly within?: unknown
  readonly from?: string
  readonly to?: string
}

const faultOfWhen = ({ within, from, to }: When) => {
  if (within !== undefined && (from !== undefined || to !== undefined))
    return { path: ["within"], issue: "Give within, or from and to" }
  return from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to)
    ? { path: ["to"], issue: "to must lie after from" }
    : undefined
}

const Did = Schema.Struct({
  ...when,
  atLeast: times(1),
  atMost: times(0),
  exactly: times(0)
}).check(
  Schema.makeFilter((did) => {
    const bounds = [did.atLeast, did.atMost, did.exactly]
    return bounds.filter((bound) => bound !== undefined).length > 1
      ? "Give one of atLeast, atMost and exactly"
      : faultOfWhen(did)
  })
)
export type Did = typeof Did.Type

const DidNot = Schema.Struct(when).check(Schema.makeFilter(faultOfWhen))

const Trait = Filter.check(
  Schema.makeFilter((filter: Filter) =>
    pathsIn(filter).every((path) => parseProperty(path).of === "user")
      ? undefined
      : "A trait is a property of people: user.plan"
  )
)

/** What a person did, did not do, or is. */
export type CohortRule =
  | { readonly did: Did }
  | { readonly didNot: typeof DidNot.Type }
  | { readonly trait: Filter }
  | { readonly and: ReadonlyArray<CohortRule> }
  | { readonly or: ReadonlyArray<CohortRule> }
  | { readonly not: CohortRule }

const nested = Schema.suspend((): Schema.Codec<CohortRule> => Rule)
const several = Schema.Array(nested).check(Schema.isMinLength(1))

const Rule: Schema.Codec<CohortRule> = Schema.Union([
  Schema.Struct({ did: Did }),
  Schema.Struct({ didNot: DidNot }),
  Schema.Struct({ trait: Trait }),
  Schema.Struct({ and: several }),
  Schema.Struct({ or: several }),
  Schema.Struct({ not: nested })
])

/** A rule of bounded size, as requests give one. */
export const CohortRule = Rule.check(
  Schema.makeFilter((rule: CohortRule) => {
    if (depthOf(rule) > MAX_DEPTH) return `At most ${MAX_DEPTH} rules inside each other`
    return leavesOf(rule).length > MAX_RULES
      ? `At most ${MAX_RULES} of did, didNot and trait`
      : undefined
  })
)

/**
 * Who belongs to a cohort: people on a list that is kept apart, or those a rule is true
 * of at the watermark. Bots' events are nobody's doing.
 */
export const CohortDefinition = Schema.Union([
  Schema.Struct({ type: Schema.Literal("static") }),
  Schema.Struct({ type: Schema.Literal("dynamic"), rule: CohortRule })
])
export type CohortDefinition = typeof CohortDefinition.Type

export const cohortExample = {
  name: "Buyers who went quiet",
  definition: {
    type: "dynamic",
    rule: {
      and: [
        { did: { event: "Order Completed", atLeast: 2, within: "90d" } },
        { didNot: { within: "14d" } },
        { trait: { property: "user.plan", op: "is", value: "pro" } }
      ]
    }
  }
}

export type CohortLeaf = Exclude<
  CohortRule,
  { readonly and: unknown } | { readonly or: unknown } | { readonly not: unknown }
>

/** What a rule asks about, in its order. */
export const leavesOf = (rule: CohortRule): ReadonlyArray<CohortLeaf> =>
  "and" in rule || "or" in rule || "not" in rule
    ? membersOf(rule).flatMap(leavesOf)
    : [rule]

const membersOf = (rule: CohortRule): ReadonlyArray<CohortRule> => {
  if ("and" in rule) return rule.and
  if ("or" in rule) return rule.or
  return "not" in rule ? [rule.not] : []
}

const depthOf = (rule: CohortRule): number =>
  1 + Math.max(0, ...membersOf(rule).map(depthOf))

const pathsIn = (filter: Filter): ReadonlyArray<string> => {
  if ("and" in filter) return filter.and.flatMap(pathsIn)
  if ("or" in filter) return filter.or.flatMap(pathsIn)
  return "not" in filter ? pathsIn(filter.not) : [filter.property]
}
