import { expect, it } from "bun:test"
import { Effect } from "effect"
import type { QueryContext } from "../../../src/query/Compiled.ts"
import { documentedKinds, parseQuery } from "../../../src/query/Query.ts"
import { render } from "../../../src/query/Sql.ts"
import { userTraits } from "../../../src/query/TraitSource.ts"
import { Values } from "../../../src/query/Values.ts"
import { contextOf } from "../eventStore.ts"

const sqlOf = (body: unknown, given: Partial<QueryContext>) =>
  Effect.runSync(
    Effect.gen(function* () {
      const query = yield* parseQuery(body)
      const { statements } = yield* query.compile({ ...contextOf(), ...given })
      return statements.map(({ sql }) => sql).join("\n")
    })
  )

it("projects whose traits were only set are asked as if there was nothing else", () => {
  const values = new Values()
  values.of("user.plan")
  expect(render(userTraits(contextOf(), values.userTraits)).sql).toBe(
    "SELECT person AS trait_person, argMaxIf(u0, (timestamp, message_id), u0 != '') AS v0 FROM (SELECT *, id_hash AS person FROM (SELECT id_hash, timestamp, message_id, props[{p0:String}] AS u0 FROM events WHERE project_id = {p1:UInt32} AND event = {p2:String} AND type = {p3:String} AND known_at <= {p4:DateTime64(3, 'UTC')})) GROUP BY person"
  )
  for (const { example } of documentedKinds)
    expect(sqlOf(example, { hasTraitChanges: false })).not.toMatch(/addends|\$unset/u)
})

it("questions that read no traits are the same in all projects", () => {
  const changed = documentedKinds.filter(
    ({ example }) => sqlOf(example, { hasTraitChanges: true }) !== sqlOf(example, {})
  )
  const reads = documentedKinds.filter(
    ({ example, kind }) =>
      kind === "people" ||
      kind === "sql" ||
      /"(?:user|group)[.]/u.test(JSON.stringify(example))
  )
  expect(changed).toEqual(reads)
})
