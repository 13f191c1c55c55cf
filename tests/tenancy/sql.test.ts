import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { makeTenantSql } from "../../services/analytics-api/test/sql/tenantSql.ts"
import { honest } from "./honest.ts"
import { hostile, hostileParams } from "./hostile.ts"
import { oracles } from "./oracles.ts"
import { marker, plant } from "./sqlData.ts"

const mine = 2
/** Before and after it in the order of the store. */
const others = [1, 3] as const

const shared = makeTenantSql()
/** The same rows, with no neighbour that could make a difference. */
const quiet = makeTenantSql()

beforeAll(async () => {
  await Promise.all([plant(shared, mine, ...others), plant(quiet, mine)])
}, 120_000)

afterAll(() => Promise.all([shared.dispose(), quiet.dispose()]), 60_000)

type Params = Readonly<Record<string, unknown>>

const body = (query: string, params: Params = {}) => ({ kind: "sql", query, params })

/** Runs all of them, a few at a time, and gives those that are not as they should be. */
const failing = async <A>(
  items: ReadonlyArray<A>,
  check: (item: A) => Promise<string | undefined>
): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  const rest = [...items]
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      const fault = await check(item)
      if (fault !== undefined) found.push(fault.slice(0, 300))
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return found
}

const rowsOf = (answer: unknown): unknown =>
  (answer as { result: { rows: unknown } }).result.rows

describe("SQL of a tenant", () => {
  it("answers what is honest", async () => {
    expect(honest.length).toBeGreaterThanOrEqual(100)
    const faults = await failing(honest, async ({ query, params, rows }) => {
      const answer = await shared.ask(mine, body(query, params))
      if (answer.status !== 200)
        return `${answer.status} ${query}: ${JSON.stringify(answer.body)}`
      return rows && !Bun.deepEquals(rowsOf(answer.body), rows)
        ? `${query}: ${JSON.stringify(rowsOf(answer.body))}`
        : undefined
    })
    expect(faults).toEqual([])
  }, 300_000)

  it("refuses the hostile", async () => {
    expect(hostile.length).toBeGreaterThanOrEqual(300)
    const asked = [...hostile.map((query) => ({ query, params: {} })), ...hostileParams]
    const faults = await failing(asked, async ({ query, params }) => {
      const { body: said, status } = await shared.ask(mine, body(query, params))
      const text = JSON.stringify(said)
      return status !== 422 || text.includes(marker)
        ? `${status} ${query}: ${text}`
        : undefined
    })
    expect(faults).toEqual([])
  }, 300_000)

  it("takes what looks like SQL for the value it is", async () => {
    const texts = ["' OR 1=1 --", "'; DROP TABLE events; --", "\\'), (SELECT 1", "`$x$"]
    for (const text of texts) {
      const asParam = await shared.ask(mine, body("SELECT {x:String}", { x: text }))
      expect(rowsOf(asParam.body)).toEqual([[text]])
      const quoted = `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`
      const asLiteral = await shared.ask(mine, body(`SELECT ${quoted}`))
      expect(rowsOf(asLiteral.body)).toEqual([[text]])
    }
  })

  it("answers, and fails, as if there were nobody else", async () => {
    const faults = await failing(oracles, async (query) => {
      const [among, single] = await Promise.all([
        shared.ask(mine, body(query)),
        quiet.ask(mine, body(query))
      ])
      const [one, two] = [among, single].map(({ body: said, status }) =>
        JSON.stringify([status, status === 200 ? rowsOf(said) : said])
      )
      if (one?.includes(marker) && !query.includes(marker))
        return `leaks ${query}: ${one}`
      return one === two ? undefined : `${query}: ${one} ${two}`
    })
    expect(faults).toEqual([])
  }, 300_000)

  it("leaves out bots and what was not known yet", async () => {
    const count = async (extra: object) =>
      rowsOf(
        (await shared.ask(mine, { ...body("SELECT count() FROM events"), ...extra }))
          .body
      )
    expect(await count({ includeBots: true })).toEqual([["25"]])
    expect(await count({ asOf: "2025-03-02T00:00:00Z" })).toEqual([["6"]])
  })

  it("cuts at the limit and says so", async () => {
    const { body: said } = await shared.ask(mine, {
      ...body("SELECT event FROM events ORDER BY timestamp LIMIT 10"),
      limit: 2
    })
    expect(said).toMatchObject({
      result: { truncated: true, rows: [["Signed Up"], ["$pageview"]] }
    })
  })
})
