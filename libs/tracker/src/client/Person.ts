import type { NativeEvent } from "./NativeEvent.ts"
import type { Store } from "./options.ts"

/** Stands in place of an id when somebody opted out, as in the script for pages. */
const OUT = "0"

/**
 * The one person of a device: their ids, and their events between two runs. The names are
 * those of the script for pages, so that both know a visitor by one id.
 */
export class Person {
  readonly #store: Store | undefined
  /** Under which the id of the device is kept. */
  readonly name: string
  /** An instance has a place of its own, so that none writes over another's events. */
  readonly #place: string
  readonly #makeId: () => string
  anonymousId: string | undefined
  userId: string | number | undefined
  #isKept = false

  constructor(store: Store | undefined, key: string, makeId: () => string) {
    this.#store = store
    this.name = `t.${key}.`
    this.#place = this.name + makeId()
    this.#makeId = makeId
  }

  get hasOptedOut(): boolean {
    return this.#kept() === OUT
  }

  /** Whether the id of the device, once kept, was taken away by somebody else. */
  get isForgotten(): boolean {
    if (!this.#isKept) return false
    const kept = this.#kept()
    return kept === null || kept === OUT
  }

  /** The id of the device, and what other runs left; both are kept from now on. */
  adopt(): ReadonlyArray<NativeEvent> {
    const kept = this.#kept()
    const known = kept === OUT ? undefined : kept
    const id = this.anonymousId ?? known ?? this.#makeId()
    this.anonymousId = id
    this.#try((store) => store.setItem(this.name, id))
    this.#isKept = this.#kept() === id
    return this.#places().flatMap((name) => {
      if (name === this.#place) return []
      const events = this.#try((store): unknown =>
        JSON.parse(store.getItem(name) ?? "[]")
      )
      this.#try((store) => store.removeItem(name))
      return Array.isArray(events) ? events.filter(isEvent) : []
    })
  }

  /** @param events a list in JSON; undefined when none waits */
  keep(events: string | undefined): void {
    this.#try((store) =>
      events === undefined
        ? store.removeItem(this.#place)
        : store.setItem(this.#place, events)
    )
  }

  /** Nothing of them stays on the device, but that somebody opted out. */
  forget(): void {
    const names = [...(this.hasOptedOut ? [] : [this.name]), ...this.#places()]
    for (const name of names) this.#try((store) => store.removeItem(name))
    this.#isKept = false
    this.anonymousId = undefined
    this.userId = undefined
  }

  #kept(): string | null | undefined {
    return this.#try((store) => store.getItem(this.name))
  }

  /** Of all instances; the key `a.b` has other ones than `a`. */
  #places(): ReadonlyArray<string> {
    const names = this.#try((store) =>
      Array.from({ length: store.length }, (_, index) => store.key(index) ?? "")
    )
    const { length } = this.#place
    return (names ?? []).filter(
      (name) => name.startsWith(this.name) && name.length === length
    )
  }

  /** A store may be full, or forbidden. */
  #try<A>(use: (store: Store) => A): A | undefined {
    if (this.#store === undefined) return undefined
    try {
      return use(this.#store)
    } catch {
      return undefined
    }
  }
}

const isEvent = (value: unknown): value is NativeEvent =>
  typeof value === "object" && value !== null && "type" in value && "messageId" in value
