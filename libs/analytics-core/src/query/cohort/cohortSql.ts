import type { QueryContext } from "../Compiled.ts"
import { matchSql } from "../eventMatch.ts"
import type { Filter } from "../Filter.ts"
import { filtersSql } from "../filterSql.ts"
import { identify } from "../People.ts"
import { also, keptEvents, keptMembers } from "../removed.ts"
import { source } from "../Source.ts"
import {
  and,
  EARLIEST,
  instant,
  int64,
  integer,
  join,
  LATEST,
  or,
  type Sql,
  sql,
  string,
  uint32
} from "../Sql.ts"
import { userTraits } from "../TraitSource.ts"
import { Values } from "../Values.ts"
import {
  type CohortDefinition,
  type CohortLeaf,
  type CohortRule,
  type Did,
  leavesOf
} from "./Cohort.ts"
import { holdsOfNothing } from "./missingTrait.ts"

export interface Cohort {
  readonly id: string
  readonly definition: CohortDefinition
}

/**
 * A SELECT of the distinct `person`s of a cohort at the watermark. Where the absence of
 * events makes members, everybody with any event is read; to narrow a query by a cohort
 * `inCohort` does not need that.
 */
export const cohortMembers = (context: QueryContext, cohort: Cohort): Sql => {
  const version = context.materialised?.get(cohort.id)
  if (version !== undefined) return materialised(context, cohort.id, version)
  if (cohort.definition.type === "static") return listed(context, cohort.id)
  const { rule } = cohort.definition
  if (!holdsWithoutEvents(rule)) return matching(context, rule)
  const everybody = identify(
    context,
    sql`SELECT DISTINCT id_hash FROM events WHERE project_id = ${uint32(context.projectId)} AND known_at <= ${instant(context.watermark)}${also(keptEvents(context))}`
  )
  return sql`SELECT DISTINCT person FROM (${everybody}) WHERE ${inCohort(context, cohort)}`
}

/** Whether the column `person` is one of the cohort's. */
export const inCohort = (context: QueryContext, { definition, id }: Cohort): Sql => {
  const version = context.materialised?.get(id)
  if (version !== undefined)
    return sql`(person IN (${materialised(context, id, version)}))`
  if (definition.type === "static") return sql`(person IN (${listed(context, id)}))`
  const { rule } = definition
  return holdsWithoutEvents(rule)
    ? sql`(person NOT IN (${matching(context, { not: rule })}))`
    : sql`(person IN (${matching(context, rule)}))`
}

/** People any of whose ids is on the list. */
const listed = (context: QueryContext, id: string): Sql => {
  const ids = sql`SELECT id_hash FROM cohort_ids WHERE project_id = ${uint32(context.projectId)} AND cohort = toUUID(${string(id)}) AND changed_at <= ${instant(context.watermark)}${also(keptMembers(context))} GROUP BY id_hash HAVING argMax(is_member, changed_at) = 1`
  return sql`SELECT DISTINCT person FROM (${identify(context, ids)})`
}

/**
 * People as a refresh found them. A person is named by one of their ids: whoever that id
 * stands for at the watermark is the member, whatever was linked since.
 */
const materialised = (context: QueryContext, id: string, version: string): Sql => {
  const people = sql`SELECT person AS id_hash FROM cohort_people WHERE project_id = ${uint32(context.projectId)} AND cohort = toUUID(${string(id)}) AND version = toUUID(${string(version)})`
  return sql`SELECT DISTINCT person FROM (${identify(context, people)})`
}

/** Whether the rule is true of a person about whom nothing it asks is known. */
const holdsWithoutEvents = (rule: CohortRule): boolean => {
  if ("and" in rule) return rule.and.every(holdsWithoutEvents)
  if ("or" in rule) return rule.or.some(holdsWithoutEvents)
  if ("not" in rule) return !holdsWithoutEvents(rule.not)
  if ("didNot" in rule) return true
  return "did" in rule ? holdsOf(rule.did, 0) : holdsOfNothing(rule.trait)
}

const holdsOf = ({ atMost, exactly }: Did, times: number): boolean => {
  if (exactly !== undefined) return times === exactly
  return atMost !== undefined
}

/**
 * The people a rule is true of, for a rule that is false without events. Each thing it
 * asks about gives rows of its own, counted per person in one pass.
 */
const matching = (context: QueryContext, rule: CohortRule): Sql => {
  const leaves = leavesOf(rule)
  const rows = leaves.map(
    (leaf, index) =>
      sql`SELECT person, toUInt8(${integer(index)}) AS leaf FROM (${rowsOf(context, leaf)})`
  )
  return sql`SELECT person FROM (${join(rows, " UNION ALL ")}) GROUP BY person HAVING ${ruleSql(rule, leaves)}`
}

const rowsOf = (context: QueryContext, leaf: CohortLeaf): Sql => {
  if ("trait" in leaf) return traitRows(context, leaf.trait)
  const did = "did" in leaf ? leaf.did : leaf.didNot
  const values = new Values()
  const { event } = did
  return source(context, {
    events: event === undefined ? undefined : [event],
    ...windowOf(context, did),
    includeBots: false,
    columns: ["event"],
    person: true,
    values,
    where: [matchSql(did, values)]
  })
}

const DAY = 86_400_000

/** `[from, to)`; a window of days ends at the moment of the question. */
const windowOf = ({ now }: QueryContext, { from, to, within }: Did) => {
  if (within !== undefined) {
    const days = typeof within === "string" ? Number.parseInt(within, 10) : within.days
    return { from: now - days * DAY, to: now }
  }
  return {
    from: from === undefined ? EARLIEST : Date.parse(from),
    to: to === undefined ? LATEST : Date.parse(to)
  }
}

/**
 * One row a person whose traits are not as those of somebody without any: who fits the
 * filter, or who does not, if somebody without traits would.
 */
const traitRows = (context: QueryContext, filter: Filter): Sql => {
  const values = new Values()
  const fits = filtersSql([filter], values)
  const condition = holdsOfNothing(filter) ? sql`NOT ${fits}` : fits
  return sql`SELECT trait_person AS person FROM (${userTraits(context, values.userTraits)}) WHERE ${condition}`
}

const ruleSql = (rule: CohortRule, leaves: ReadonlyArray<CohortLeaf>): Sql => {
  if ("and" in rule) return and(rule.and.map((member) => ruleSql(member, leaves)))
  if ("or" in rule) return or(rule.or.map((member) => ruleSql(member, leaves)))
  if ("not" in rule) return sql`(NOT ${ruleSql(rule.not, leaves)})`
  const times = sql`toInt64(countIf(leaf = ${integer(leaves.indexOf(rule))}))`
  if ("didNot" in rule) return sql`(${times} = 0)`
  if ("trait" in rule)
    return holdsOfNothing(rule.trait) ? sql`(${times} = 0)` : sql`(${times} > 0)`
  const { atLeast = 1, atMost, exactly } = rule.did
  if (exactly !== undefined) return sql`(${times} = ${int64(exactly)})`
  return atMost === undefined
    ? sql`(${times} >= ${int64(atLeast)})`
    : sql`(${times} <= ${int64(atMost)})`
}
