import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { hookServer } from "../../services/reporting-engine/test/delivery/HookServer.ts"
import { mailServer } from "../../services/reporting-engine/test/delivery/MailServer.ts"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { killAndWait } from "./Kills.ts"

const SUBSCRIPTIONS = 10
const KILLS = 6
/** Longer than any lease of what a process held that was killed. */
const PATIENCE = 600_000

interface Delivery {
  readonly id: string
  readonly recipient: string
  readonly channel: string
  readonly state: string
}

const rowsOf = <A>(body: unknown, name: string): ReadonlyArray<A> => {
  const found: unknown =
    typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined
  return Array.isArray(found) ? found : []
}

describe.if(process.env["TEST_LONG"] === "1")("kill -9 while reports are sent", () => {
  const hooks = hookServer()
  let mail: Awaited<ReturnType<typeof mailServer>>
  let stack: RunningStack
  let client: Client
  let project: Project

  beforeAll(async () => {
    mail = await mailServer()
    stack = await startStack({
      SMTP_URL: mail.url,
      REPORT_RECIPIENTS: "example.com",
      REPORT_OUTGOING_HOSTS: hooks.host
    })
    client = await makeClient(stack)
    project = await client.createProject("Shop")
  }, 180_000)

  afterAll(async () => {
    await stack?.stop()
    await mail?.close()
    hooks.close()
  }, 60_000)

  const ask = async (method: string, path: string, body?: object) => {
    const url = (await stack.file()).services["reporting-engine"]
    for (let attempt = 0; ; attempt++) {
      const answer = await client
        .call(method, `${url}/v1/${path}`, project.secretKey, body)
        .catch(() => undefined)
      if (answer !== undefined && answer.status < 500) return answer.body
      if (attempt === 300) throw new Error(`${path} is never answered`)
      await Bun.sleep(100)
    }
  }
  const made = async (path: string, body: object) =>
    String(Reflect.get(Object(await ask("POST", path, body)), "id"))

  it(
    "each recipient has each report once, or the ledger says that nobody knows",
    async () => {
      const query = { kind: "trends", interval: "day", series: [{ measure: "total" }] }
      const reportId = await made("reports", {
        definition: {
          title: "Orders",
          range: "last_7d",
          sections: [{ type: "query", title: "By day", query, chart: { form: "line" } }]
        }
      })
      const hook = await made("destinations", {
        kind: "webhook",
        name: "Hook",
        url: hooks.url("/taken")
      })
      const lake = await made("destinations", {
        kind: "store",
        name: "Lake",
        prefix: "weekly"
      })
      const ids = await Promise.all(
        Array.from({ length: SUBSCRIPTIONS }, async (_, nth) => {
          const box = await made("destinations", {
            kind: "email",
            name: `Box ${nth}`,
            addresses: [`ann${nth}@example.com`, `bob${nth}@example.com`]
          })
          return made("subscriptions", {
            name: `Week ${nth}`,
            reportId,
            destinations: [box, hook, lake],
            schedule: { days: ["mon"], at: "08:00" },
            formats: ["json"],
            waitSeconds: 0
          })
        })
      )
      const scheduledFor = new Date(Date.now() - 3_600_000).toISOString()
      for (const id of ids)
        await ask("POST", `subscriptions/${id}/send`, { scheduledFor })
      for (let kill = 0; kill < KILLS; kill++) {
        await Bun.sleep(300 + kill * 350)
        await killAndWait(stack, "reporting-engine")
        // Whoever asks again is answered with the same run.
        for (const id of ids.slice(0, 2))
          await ask("POST", `subscriptions/${id}/send`, { scheduledFor })
      }

      const end = Date.now() + PATIENCE
      const wanted = SUBSCRIPTIONS * 4
      let deliveries: ReadonlyArray<Delivery> = []
      for (;;) {
        deliveries = rowsOf(await ask("GET", "deliveries?limit=1000"), "deliveries")
        const open = deliveries.filter(({ state }) => /pending|sending/u.test(state))
        if (deliveries.length >= wanted && open.length === 0) break
        if (Date.now() > end) throw new Error(JSON.stringify(deliveries))
        await Bun.sleep(500)
      }
      const byState = Object.groupBy(deliveries, ({ state }) => state)
      process.stdout.write(
        `${JSON.stringify({
          kills: KILLS,
          ...Object.fromEntries(
            Object.entries(byState).map(([state, all]) => [state, all?.length])
          ),
          mails: mail.received.length,
          hooks: hooks.received.length
        })}\n`
      )
      expect(deliveries.length).toBe(wanted)
      for (const { channel, id, recipient, state } of deliveries)
        if (channel === "email") {
          const times = mail.of(recipient).length
          // Only what nobody can know is left open, and never is anything sent twice.
          expect(["delivered", "uncertain"]).toContain(state)
          if (state === "delivered") expect(times).toBe(1)
          expect(times).toBeLessThanOrEqual(1)
        } else {
          expect(state).toBe("delivered")
          if (channel === "webhook")
            expect(
              hooks.received.some(({ headers }) => headers.get("webhook-id") === id)
            ).toBe(true)
        }
      const known = new Set(
        hooks.received.map(({ headers }) => headers.get("webhook-id"))
      )
      expect(known.size).toBe(SUBSCRIPTIONS)
    },
    PATIENCE + 180_000
  )

  it(
    "a schedule of batch-processor sends it, through kills of both",
    async () => {
      const lake = await made("destinations", {
        kind: "store",
        name: "By the minute",
        prefix: "minutes"
      })
      const definition = { title: "M", sections: [{ type: "markdown", text: "Hello" }] }
      const id = await made("subscriptions", {
        name: "By the minute",
        reportId: await made("reports", { definition }),
        destinations: [lake],
        schedule: { cron: "* * * * *" },
        formats: ["json"],
        waitSeconds: 0
      })
      await killAndWait(stack, "batch-processor")
      await killAndWait(stack, "reporting-engine")
      const end = Date.now() + PATIENCE
      for (;;) {
        const runs = rowsOf<{
          state: string
          scheduledFor: string
          requestedBy: string
        }>(await ask("GET", `subscriptions/${id}/runs`), "runs")
        const sent = runs.filter(({ state }) => state === "sent")
        if (sent.length > 1) {
          for (const { requestedBy, scheduledFor } of runs) {
            expect(requestedBy).toBe("schedule")
            expect(Date.parse(scheduledFor) % 60_000).toBe(0)
          }
          expect(new Set(runs.map((run) => run.scheduledFor)).size).toBe(runs.length)
          break
        }
        if (Date.now() > end) throw new Error(JSON.stringify(runs))
        await Bun.sleep(500)
      }
      await ask("DELETE", `subscriptions/${id}`)
      const batch = (await stack.file()).services["batch-processor"]
      for (;;) {
        const { status } = await client.call(
          "GET",
          `${batch}/v1/schedules/${id}`,
          project.secretKey
        )
        if (status === 404) break
        if (Date.now() > end) throw new Error(`its schedule is still there: ${status}`)
        await Bun.sleep(200)
      }
    },
    PATIENCE + 180_000
  )
})
