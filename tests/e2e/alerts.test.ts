import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { createHmac } from "node:crypto"
import { SQL } from "bun"
import { type Client, makeClient, type Project } from "./Client.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

interface Backtest {
  readonly fired: ReadonlyArray<{ readonly bucket: string }>
  readonly buckets: ReadonlyArray<{
    readonly bucket: string
    readonly value: number | null
    readonly verdict: string
  }>
}

interface Hooked {
  readonly id: string | null
  readonly timestamp: string | null
  readonly signature: string | null
  readonly body: string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const DAYS = 70
const today = Math.floor(Date.now() / DAY) * DAY
const dayBefore = (days: number) => new Date(today - days * DAY).toISOString()

/** Days before today on which something was wrong. */
const SPIKE = 3
const SILENCE = 5

/** 20 orders on working days, 10 on the others; one day has 90 and one has none. */
const ordersOf = (day: number) => {
  if (day === SPIKE) return 90
  if (day === SILENCE) return 0
  return new Date(today - day * DAY).getUTCDay() % 6 === 0 ? 10 : 20
}

const history = () =>
  Array.from({ length: DAYS }, (_, index) => index + 1).flatMap((day) =>
    Array.from({ length: ordersOf(day) }, (_, order) => ({
      type: "track",
      event: "Order",
      messageId: `order-${day}-${order}`,
      userId: `u-${order}`,
      timestamp: new Date(today - day * DAY + (order % 24) * HOUR + 1000).toISOString()
    }))
  )

describe("alerts of a running system", () => {
  let stack: RunningStack
  let client: Client
  let project: Project
  let engine: string
  const hooked: Array<Hooked> = []
  const receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      hooked.push({
        id: request.headers.get("webhook-id"),
        timestamp: request.headers.get("webhook-timestamp"),
        signature: request.headers.get("webhook-signature"),
        body: await request.text()
      })
      return new Response("ok")
    }
  })

  beforeAll(async () => {
    stack = await startStack({
      INGEST_TEST_MODE: "false",
      REPORT_OUTGOING_HOSTS: `127.0.0.1:${receiver.port}`
    })
    client = await makeClient(stack)
    engine = (await stack.file()).services["reporting-engine"]
    project = await client.createProject("alerts")
    const { body } = await client.send(project, history())
    expect(body).toMatchObject({ rejected: [] })
    await client.settled(project)
  }, 180_000)
  afterAll(async () => {
    await receiver.stop(true)
    await stack?.stop()
  }, 60_000)

  const call = (method: string, path: string, body?: object) =>
    client.call(method, `${engine}${path}`, project.secretKey, body)

  const alert = (condition: object) => ({
    name: "Orders",
    query: { kind: "trends", series: [{ event: "Order", measure: "total" }] },
    interval: "day",
    timezone: "UTC",
    condition
  })

  const conditions = [
    [{ kind: "threshold", direction: "above", value: 50 }, [SPIKE]],
    [
      {
        kind: "change",
        versus: "week_ago",
        unit: "percent",
        direction: "up",
        value: 100,
        minimumVolume: 5
      },
      [SPIKE]
    ],
    [{ kind: "missing" }, [SILENCE]],
    [{ kind: "anomaly", direction: "any" }, [SILENCE, SPIKE]]
  ] as const
  for (const [condition, days] of conditions)
    it(`a back-test of ${condition.kind} finds the days that were wrong`, async () => {
      const { body, status } = await call("POST", "/v1/alerts/backtest", {
        alert: alert(condition),
        from: dayBefore(14),
        to: dayBefore(0)
      })
      expect({ status, body: status === 200 ? "" : body }).toEqual({
        status: 200,
        body: ""
      })
      const { buckets, fired } = body as Backtest
      expect(buckets.map(({ value }) => value)).toEqual(
        Array.from({ length: 14 }, (_, index) => ordersOf(14 - index))
      )
      expect(fired.map(({ bucket }) => bucket)).toEqual(days.map(dayBefore))
    })

  it("a back-test of a funnel finds the day on which hardly anybody went on", async () => {
    const steps = Array.from({ length: 7 }, (_, index) => index + 1).flatMap((day) =>
      Array.from({ length: 10 }, (_, person) => {
        const at = (minute: number) =>
          new Date(today - day * DAY + 12 * HOUR + minute * 60_000).toISOString()
        const who = { userId: `f-${person}` }
        const seen = { type: "track", event: "Seen", ...who, timestamp: at(0) }
        const bought = { type: "track", event: "Bought", ...who, timestamp: at(5) }
        return person < (day === 2 ? 1 : 4) ? [seen, bought] : [seen]
      }).flat()
    )
    await client.send(
      project,
      steps.map((event, index) => ({ ...event, messageId: `funnel-${index}` }))
    )
    await client.settled(project)
    const { body, status } = await call("POST", "/v1/alerts/backtest", {
      alert: {
        ...alert({ kind: "threshold", direction: "below", value: 0.3 }),
        query: {
          kind: "funnel",
          windowSeconds: 3600,
          steps: [{ event: "Seen" }, { event: "Bought" }]
        }
      },
      from: dayBefore(7),
      to: dayBefore(0)
    })
    expect({ status, body: status === 200 ? "" : body }).toEqual({
      status: 200,
      body: ""
    })
    const { buckets, fired } = body as Backtest
    expect(buckets.map(({ value }) => value)).toEqual([
      0.4, 0.4, 0.4, 0.4, 0.4, 0.1, 0.4
    ])
    expect(fired.map(({ bucket }) => bucket)).toEqual([dayBefore(2)])
  })

  it("what fires is sent once, signed, and says what it is about", async () => {
    const made = await call("POST", "/v1/destinations", {
      kind: "webhook",
      name: "On call",
      url: `http://127.0.0.1:${receiver.port}/alerts`
    })
    expect(made).toMatchObject({ status: 201 })
    const { id: destination, signingSecret } = made.body as {
      id: string
      signingSecret: string
    }
    const kept = await call("POST", "/v1/alerts", {
      ...alert({ kind: "threshold", direction: "above", value: 50 }),
      destinations: [destination],
      reviseSeconds: 0
    })
    expect(kept).toMatchObject({ status: 201 })
    const { id } = kept.body as { id: string }
    // As if it had been made before the days that are to be judged.
    const { postgres } = await stack.file()
    const sql = new SQL(postgres, { max: 1 })
    await sql`
      UPDATE reports.alerts
         SET next_bucket = ${dayBefore(SPIKE)}::timestamptz, next_at = now()
       WHERE id = ${id}::uuid`
    await sql.close()

    const end = Date.now() + 60_000
    while (hooked.length === 0) {
      if (Date.now() > end) throw new Error("no message came")
      await Bun.sleep(50)
    }
    const { body: history } = await call("GET", `/v1/alerts/${id}/evaluations`)
    const { evaluations } = history as {
      evaluations: ReadonlyArray<{ bucket: string; verdict: string }>
    }
    expect(
      evaluations.map(({ bucket, verdict }) => [bucket, verdict]).reverse()
    ).toEqual([
      [dayBefore(3), "breach"],
      [dayBefore(2), "ok"],
      [dayBefore(1), "ok"]
    ])
    const [message, ...others] = hooked
    expect(others).toEqual([])
    expect(JSON.parse(message?.body ?? "{}")).toMatchObject({
      data: {
        details: {
          alert: { id, name: "Orders" },
          notices: [{ kind: "fired", value: 90, expected: 50 }, { kind: "resolved" }]
        }
      }
    })
    const key = Buffer.from(signingSecret.replace("whsec_", ""), "base64")
    const signed = createHmac("sha256", key)
      .update(`${message?.id}.${message?.timestamp}.${message?.body}`)
      .digest("base64")
    expect(message?.signature).toBe(`v1,${signed}`)
  })
})
