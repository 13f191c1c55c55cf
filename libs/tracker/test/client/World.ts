import { createClient } from "../../src/client/createClient.ts"
import type { AnyEvents, Client } from "../../src/client/Events.ts"
import type { NativeEvent } from "../../src/client/NativeEvent.ts"
import type { ClientOptions, Store, Trouble } from "../../src/client/options.ts"

/** A status with what else is answered, or `undefined` for no answer at all. */
export type Answer =
  | {
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: object
    }
  | undefined

export interface Sent {
  readonly url: string
  readonly headers: Record<string, string>
  readonly keepalive: boolean
  readonly body: string
  readonly events: ReadonlyArray<NativeEvent>
}

/** A clock, a network and a page that a test moves. */
export class World {
  now = Date.UTC(2026, 10, 23)
  isOnline = true
  readonly sent: Array<Sent> = []
  readonly troubles: Array<Trouble> = []
  answer: (sent: Sent) => Answer | Promise<Answer> = () => ({ status: 200 })
  readonly #timers = new Set<{ readonly at: number; readonly then: () => void }>()
  readonly #pages = new Set<{
    readonly back: () => void
    readonly leave: () => void
    readonly changed: (name?: string) => void
  }>()

  client<Events extends { readonly [Name in keyof Events]: object } = AnyEvents>(
    options: Partial<ClientOptions> = {}
  ): Client<Events> {
    return createClient<Events>({
      url: "https://events.example/",
      key: "wk_1",
      mode: "server",
      onError: (trouble) => this.troubles.push(trouble),
      ...options,
      platform: {
        now: () => this.now,
        random: () => 1,
        isOnline: () => this.isOnline,
        after: (milliseconds, then) => {
          const timer = { at: this.now + milliseconds, then }
          this.#timers.add(timer)
          return () => void this.#timers.delete(timer)
        },
        watch: (back, leave, changed) => {
          const page = { back, leave, changed }
          this.#pages.add(page)
          return () => void this.#pages.delete(page)
        },
        fetch: async (url, { body, headers, keepalive, signal }) => {
          const sent = {
            url,
            headers,
            keepalive,
            body,
            events: JSON.parse(body).events
          }
          this.sent.push(sent)
          const aborted = new Promise<never>((_, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason))
          )
          const answer = await Promise.race([this.answer(sent), aborted])
          if (answer === undefined) throw new TypeError("fetch failed")
          return new Response(JSON.stringify({ accepted: 0, ...answer.body }), {
            status: answer.status,
            headers: answer.headers ?? {}
          })
        }
      }
    })
  }

  get timers(): number {
    return this.#timers.size
  }

  back(): void {
    this.isOnline = true
    for (const page of this.#pages) page.back()
  }

  leave(): void {
    for (const page of this.#pages) page.leave()
  }

  /** Another page changed what the device keeps. */
  changed(name?: string): void {
    for (const page of this.#pages) page.changed(name)
  }

  /** Lets so many milliseconds pass, with all that was due in them. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds
    await settled()
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.now = Math.max(this.now, next.at)
      next.then()
      await settled()
    }
    this.now = end
  }

  /** What the service was given, in the order in which it first was. */
  get events(): ReadonlyArray<NativeEvent> {
    const known = new Map(
      this.sent.flatMap(({ events }) =>
        events.map((event) => [event.messageId, event] as const)
      )
    )
    return [...known.values()]
  }
}

/** Answers that are there have been read: a body takes a turn of the loop. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++)
    await new Promise((resolve) => setImmediate(resolve))
}

export const memoryStore = (): Store & { readonly kept: Map<string, string> } => {
  const kept = new Map<string, string>()
  return {
    kept,
    get length() {
      return kept.size
    },
    key: (index) => [...kept.keys()][index] ?? null,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name)
  }
}
