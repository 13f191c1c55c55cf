import type { TenantSql } from "../../services/analytics-api/test/sql/tenantSql.ts"

/** In every text of the other tenant's rows. */
export const marker = "tenant-b-secret"

const at = (day: number, minute: number) =>
  Date.UTC(2025, 2, day, 9, 0, 0) + minute * 60_000

interface Row {
  readonly project_id: number
  readonly message_id: string
  readonly [column: string]: unknown
}

/** Four people with the same story on four days, two sessions each. */
const own = (project: number): ReadonlyArray<Row> =>
  [1, 2, 3, 4].flatMap((n) => {
    const row = (name: string, minute: number, columns: object = {}): Row => ({
      project_id: project,
      event: name,
      type: "track",
      timestamp: at(n, minute),
      received_at: at(n, minute),
      known_at: at(n, minute),
      message_id: `m${n}-${minute}`,
      user_id: `u${n}`,
      id_hash: String(project * 1000 + n),
      ...columns
    })
    return [
      row("Signed Up", 0),
      row("$pageview", 1, { type: "page", path: "/home" }),
      row("$pageview", 30, { type: "page", path: "/pricing" }),
      row("$identify", 31, {
        type: "identify",
        props: { plan: n % 2 === 0 ? '"pro"' : '"free"' }
      }),
      row("Viewed", 120, { props: { tags: '["red","new"]' } }),
      row("Order Completed", 121, {
        props: { total: String(n * 10) },
        anonymous_id: `a${n}`
      })
    ]
  })

/**
 * Another tenant's rows under the same event names, so that they lie in the same granules;
 * all their texts hold the marker. Some are 7 where a division by `n - 7` would fail.
 */
export const neighbour = (project: number): ReadonlyArray<Row> =>
  own(project).map((row) => ({
    ...row,
    message_id: `${marker}-${row.message_id}`,
    user_id: marker,
    anonymous_id: marker,
    path: `${marker}`,
    browser: marker,
    props: { total: "7", secret: marker }
  }))

/** One part of the store that holds a tenant, and its neighbours if there are any. */
export const plant = async (
  store: TenantSql,
  mine: number,
  ...others: ReadonlyArray<number>
): Promise<void> => {
  const projects = [mine, ...others]
  const links = projects.map((project) => ({
    project_id: project,
    id_hash: String(project * 1000 + 99),
    person: String(project * 1000 + 1),
    known_at: at(1, 0),
    version: "1"
  }))
  await store.insert("person_links", links)
  await store.insert("events", [
    ...own(mine).map((row) => ({
      ...row,
      // The page that an unknown visitor saw is the first user's.
      ...(row.message_id === "m1-1" ? { id_hash: String(mine * 1000 + 99) } : {})
    })),
    { ...own(mine)[0], message_id: "bot", is_bot: 1 },
    ...others.flatMap(neighbour)
  ])
}
