/** What one request is answered with; `silent` is never. */
export type Verdict = number | "silent"

interface Event {
  readonly messageId: string
  readonly [field: string]: unknown
}

/** A data-ingestion that keeps what it is sent, and fails as it is told. */
export class Ingestion {
  /** Every event that was taken, as often as it was sent. */
  readonly events: Array<Event> = []
  /** Every request, taken or not. */
  readonly batches: Array<ReadonlyArray<Event>> = []
  requests = 0
  underWay = 0
  mostUnderWay = 0
  mostEvents = Number.POSITIVE_INFINITY
  /** Of the n-th request, counted from 1. */
  verdict: (request: number) => Verdict | Promise<Verdict> = () => 200

  async handle(request: Request): Promise<Response> {
    const { batch } = (await request.json()) as { batch: ReadonlyArray<Event> }
    const number = ++this.requests
    this.batches.push(batch)
    this.underWay++
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay)
    try {
      const verdict = await this.verdict(number)
      if (verdict === "silent") return await new Promise<Response>(() => {})
      if (request.headers.get("authorization") !== "Bearer service")
        return new Response("no", { status: 401 })
      if (batch.length > this.mostEvents) return new Response("much", { status: 413 })
      if (verdict !== 200)
        return new Response("no", {
          status: verdict,
          headers: { "retry-after": "0.1" }
        })
      const rejected = batch.flatMap((event, index) =>
        event["userId"] === undefined && event["anonymousId"] === undefined
          ? [{ index, messageId: event.messageId, reason: "nobody" }]
          : []
      )
      const refused = new Set(rejected.map(({ index }) => index))
      this.events.push(...batch.filter((_, index) => !refused.has(index)))
      return Response.json({
        success: true,
        accepted: batch.length - rejected.length,
        rejected
      })
    } finally {
      this.underWay--
    }
  }

  /** The messageIds that would be stored. */
  get stored(): ReadonlySet<string> {
    return new Set(this.events.map(({ messageId }) => messageId))
  }
}
