import type { QueryContext } from "./Compiled.ts"
import { identify } from "./People.ts"
import { also, keptEvents } from "./removed.ts"
import {
  column,
  EARLIEST,
  instant,
  join,
  LATEST,
  type Sql,
  sql,
  string,
  uint32
} from "./Sql.ts"
import { changedTraits } from "./traits/changedTraits.ts"
import { isReserved } from "./traits/traitChanges.ts"
import type { GroupTraits, TraitColumn, Values } from "./Values.ts"

/** Adds the columns of all `user.` and `group.` properties to a SELECT that has `person`. */
export const joinTraits = (context: QueryContext, people: Sql, values: Values): Sql => {
  const withUser =
    values.userTraits.length === 0
      ? people
      : sql`SELECT * FROM (${people}) AS people LEFT JOIN (${userTraits(context, values.userTraits)}) AS user_traits ON user_traits.trait_person = people.person`
  return values.groupTraits.reduce(
    (events, group, index) => joinGroup(context, events, group, index),
    withUser
  )
}

/** Events that carry traits, known at the watermark; whenever they happened, if nothing else is asked. */
const traitEvents = (context: QueryContext, name: "$identify" | "$group"): Sql => {
  context.onRead?.({ events: [name], from: EARLIEST, to: LATEST, person: true })
  return sql`events WHERE project_id = ${uint32(context.projectId)} AND event = ${string(name)} AND type = ${string(name.slice(1))} AND known_at <= ${instant(context.watermark)}${before(context)}${also(keptEvents(context))}`
}

const before = (context: QueryContext): Sql =>
  context.before === undefined
    ? sql``
    : sql` AND timestamp < ${instant(context.before)}`

/** Per trait the value with the latest event time, equal times by message id. */
const latest = (traits: ReadonlyArray<TraitColumn>): Sql =>
  join(
    traits.map(
      (trait, index) =>
        sql`argMaxIf(${column("u", index)}, (timestamp, message_id), ${column("u", index)} != '') AS ${trait.column}`
    ),
    ", "
  )

const carried = (traits: ReadonlyArray<TraitColumn>): Sql =>
  join(
    traits.map(
      ({ path }, index) =>
        sql`${isReserved(path) ? sql`''` : sql`props[${string(path)}]`} AS ${column("u", index)}`
    ),
    ", "
  )

/** `trait_person` and the column of each trait: one row a person who ever had any. */
export const userTraits = (
  context: QueryContext,
  traits: ReadonlyArray<TraitColumn>
): Sql => {
  const of = traitEvents(context, "$identify")
  const events = sql`SELECT id_hash, timestamp, message_id, ${carried(traits)} FROM ${of}`
  const plain = sql`SELECT person AS trait_person, ${latest(traits)} FROM (${identify(context, events)}) GROUP BY person`
  if (!context.hasTraitChanges) return plain
  const people = (columns: Sql, condition: Sql) =>
    sql`SELECT *, person AS trait_person FROM (${identify(context, sql`SELECT id_hash, timestamp, message_id, ${columns} FROM ${of} AND ${condition}`)})`
  return changedTraits(people, plain, sql`trait_person`, traits)
}

/** `trait_group` and the column of each trait: one row a group that ever had any. */
const groupTraits = (
  context: QueryContext,
  type: string,
  traits: ReadonlyArray<TraitColumn>
): Sql => {
  const own = sql`${traitEvents(context, "$group")} AND group_type = ${string(type)}`
  const plain = sql`SELECT group_id AS trait_group, ${latest(traits)} FROM (SELECT group_id, timestamp, message_id, ${carried(traits)} FROM ${own}) GROUP BY group_id`
  if (!context.hasTraitChanges) return plain
  const events = (columns: Sql, condition: Sql) =>
    sql`SELECT group_id AS trait_group, timestamp, message_id, ${columns} FROM ${own} AND ${condition}`
  return changedTraits(events, plain, sql`trait_group`, traits)
}

/** The event's own group if it names one, else the one of that type its person joined last. */
const joinGroup = (
  context: QueryContext,
  events: Sql,
  { type, traits }: GroupTraits,
  index: number
): Sql => {
  const joined = column("g", index)
  const own =
    type === "default"
      ? sql`if(startsWith(event_group, '"'), JSONExtractString(event_group), event_group)`
      : sql`''`
  const joins = sql`SELECT id_hash, timestamp, message_id, group_id FROM ${traitEvents(context, "$group")} AND group_type = ${string(type)} AND group_id != ''`
  const lastJoined = sql`SELECT person AS member, argMax(group_id, (timestamp, message_id)) AS joined_group FROM (${identify(context, joins)}) GROUP BY person`
  // The engine takes `x.*` for the members of a column `x` of any query around this one,
  // so nothing else may be called `ungrouped`.
  const memberships = sql`SELECT ungrouped.*, if(${own} != '', ${own}, joined_group) AS ${joined} FROM (${events}) AS ungrouped LEFT JOIN (${lastJoined}) AS members ON members.member = ungrouped.person`
  const groups = groupTraits(context, type, traits)
  return sql`SELECT * FROM (${memberships}) AS grouped LEFT JOIN (${groups}) AS group_traits ON group_traits.trait_group = grouped.${joined}`
}
