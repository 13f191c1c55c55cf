import type { InboxEvent } from "@analytics/data-processing/InboxEvent"

/** Events that did not fit the schema of their project in one way. */
export interface ViolationCount {
  readonly projectId: number
  readonly event: string
  readonly property: string
  readonly problem: string
  readonly events: number
  readonly lastMessage: string
}

/** Kinds counted one by one in a batch; all others of a project are one. */
const MOST_KINDS = 5000

/** Adds up what the receiver noted of the events of a batch. */
export class ViolationCounts {
  readonly #counts = new Map<
    string,
    { -readonly [K in keyof ViolationCount]: ViolationCount[K] }
  >()

  add({ e, m, p, w }: InboxEvent): void {
    for (const [property, problem] of w ?? []) this.#count(p, e, property, problem, m)
  }

  #count(
    projectId: number,
    event: string,
    property: string,
    problem: string,
    lastMessage: string
  ): void {
    const key = JSON.stringify([projectId, event, property, problem])
    const counted = this.#counts.get(key)
    if (counted !== undefined) {
      counted.events++
      counted.lastMessage = lastMessage
    } else if (this.#counts.size < MOST_KINDS || event === "")
      this.#counts.set(key, {
        projectId,
        event,
        property,
        problem,
        events: 1,
        lastMessage
      })
    else this.#count(projectId, "", "", OTHERS, lastMessage)
  }

  get list(): ReadonlyArray<ViolationCount> {
    return [...this.#counts.values()]
  }
}

/** The problem of the row that counts what is not listed. */
export const OTHERS = "others"
