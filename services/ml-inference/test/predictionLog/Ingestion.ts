import { Effect } from "effect"

/** One event that was sent. */
export interface SentEvent {
  readonly type: string
  readonly messageId: string
  readonly userId: string
  readonly timestamp: string
  readonly traits: { readonly predictions: Readonly<Record<string, unknown>> }
}

export interface SentRequest {
  readonly projectId: string | null
  readonly authorization: string | null
  readonly path: string
  readonly events: ReadonlyArray<SentEvent>
  /** Milliseconds of a clock that only goes forward. */
  readonly at: number
}

const taken = (events: ReadonlyArray<SentEvent>): Response =>
  Response.json({ accepted: events.length, rejected: [] })

/** A data-ingestion that a test tells what to answer, and that may be away. */
export class Ingestion {
  readonly requests: Array<SentRequest> = []
  answer: (events: ReadonlyArray<SentEvent>) => Response | Promise<Response> = taken
  #server: ReturnType<typeof Bun.serve> | undefined
  #socket: { readonly stop: (closeActive: boolean) => void } | undefined
  #changed = Promise.withResolvers<void>()
  #port = 0

  constructor() {
    this.comeBack()
    this.#port = this.#server?.port ?? 0
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** What came in requests that were answered with 200. */
  readonly taken: Array<SentEvent> = []

  /** Connections that were closed without an answer. */
  hangUps = 0

  /** What is there instead closes every connection. */
  async goAway(): Promise<void> {
    await this.stop()
    this.#socket = Bun.listen({
      hostname: "127.0.0.1",
      port: this.#port,
      socket: {
        open: (socket) => {
          socket.terminate()
          this.hangUps++
          this.#tell()
        },
        data: () => {}
      }
    })
  }

  async stop(): Promise<void> {
    this.#socket?.stop(true)
    this.#socket = undefined
    await this.#server?.stop(true)
    this.#server = undefined
  }

  comeBack(): void {
    this.#socket?.stop(true)
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: this.#port,
      fetch: async (request) => {
        const url = new URL(request.url)
        const { batch } = (await request.json()) as {
          batch: ReadonlyArray<SentEvent>
        }
        this.requests.push({
          projectId: url.searchParams.get("projectId"),
          authorization: request.headers.get("authorization"),
          path: url.pathname,
          events: batch,
          at: performance.now()
        })
        this.#tell()
        const response = await this.answer(batch)
        if (response.status === 200) this.taken.push(...batch)
        this.#tell()
        return response
      }
    })
  }

  /** Ends as soon as it is so. */
  until(isSo: (self: Ingestion) => boolean): Effect.Effect<void> {
    return Effect.promise(async () => {
      while (!isSo(this)) await this.#changed.promise
    }).pipe(Effect.timeout("20 seconds"), Effect.orDie)
  }

  #tell(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}
