const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Mulberry32 (Tommy Ettinger, public domain). */
const chances = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What the shop's events should look like. */
export const schema = {
  mode: "observe",
  unknownEvents: "observe",
  events: {
    "Order Completed": {
      required: ["revenue", "currency"],
      properties: { revenue: "number", currency: "string" }
    },
    "Product Viewed": { required: ["sku"], properties: { sku: "string" } }
  }
}

/** Bodies for `POST /v1/batch`, in this order. */
export interface FaultyShop {
  readonly bodies: ReadonlyArray<string>
}

/**
 * Two weeks of a small shop whose tracking has the usual faults, each on purpose: a release
 * that forgets the currency and writes numbers as text, clocks that run ahead, a queue that
 * sends twice, a click handler that fires twice, an outage of 14 hours, an app that is offline
 * for days, crawlers, a name that nobody planned, and a property that is nested too deep.
 * @param now in milliseconds since 1970; the newest event is a minute older.
 */
export const faultyShop = (now: number): FaultyShop => {
  const chance = chances(42)
  const events: Array<Record<string, unknown>> = []
  const push = (at: number, more: Record<string, unknown>) => {
    events.push({
      type: "track",
      messageId: `faulty-${events.length}`,
      timestamp: new Date(at).toISOString(),
      ...more
    })
  }
  for (let visit = 0; visit < 1500; visit++) {
    const at = now - MINUTE - chance() * 14 * DAY
    // Nothing arrived while the tag was broken.
    if (at > now - 6 * DAY && at < now - 6 * DAY + 14 * HOUR) continue
    const userId = `visitor-${Math.floor(chance() * 600)}`
    const bot = chance() < 0.05
    const context = {
      userAgent: bot
        ? "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
        : "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    }
    const sku = `SKU-${Math.floor(chance() * 40)}`
    const viewed = {
      userId,
      context,
      event: "Product Viewed",
      properties: chance() < 0.03 ? { product: sku } : { sku }
    }
    push(at, viewed)
    // A handler that is bound twice: the same thing again, under another id.
    if (chance() < 0.06) push(at + Math.floor(chance() * 400), viewed)
    if (chance() < 0.02) push(at + 500, { userId, context, event: "prodcut_viewed" })
    if (chance() > 0.3) continue
    const revenue = Math.round(chance() * 9000) / 100
    const isNewRelease = at > now - 4 * DAY
    push(at + 5 * MINUTE > now ? at : at + 5 * MINUTE, {
      userId,
      context,
      event: "Order Completed",
      properties: isNewRelease
        ? { revenue: String(revenue) }
        : { revenue, currency: "EUR" }
    })
  }
  // What came as it happened, and what waited in a phone for hours.
  for (let page = 0; page < 900; page++) {
    const late = -Math.log(1 - chance()) * (chance() < 0.12 ? 5 * HOUR : 8000)
    push(now - late, {
      type: "page",
      name: "Home",
      userId: `visitor-${Math.floor(chance() * 600)}`
    })
  }
  for (let ahead = 0; ahead < 25; ahead++)
    push(now + (2 + chance() * 30) * DAY, { userId: "clock", event: "Product Viewed" })
  const deep = `${'{"a":'.repeat(40)}1${"}".repeat(40)}`
  const raw = Array.from(
    { length: 8 },
    (_, at) =>
      `{"type":"track","event":"Product Viewed","userId":"deep","messageId":"faulty-deep-${at}","timestamp":"${new Date(now - HOUR).toISOString()}","properties":${deep}}`
  )
  const sent = [...events.map((event) => JSON.stringify(event)), ...raw]
  // A queue that lost the answer sends again, days later too.
  const again = sent.filter(() => chance() < 0.04)
  const all = [...sent, ...again]
  return {
    bodies: Array.from(
      { length: Math.ceil(all.length / 250) },
      (_, at) => `{"batch":[${all.slice(at * 250, (at + 1) * 250).join(",")}]}`
    )
  }
}
