import { Effect } from "effect"
import { insertEvents, insertLinks, type TestEvent } from "./eventStore.ts"

export interface StoredProject {
  readonly events: ReadonlyArray<
    Omit<TestEvent, "messageId" | "project"> & { readonly messageId?: string }
  >
  /** Whom each of the ids 1, 2 … stands for, from 1970 on. */
  readonly linkedTo?: ReadonlyArray<number> | null
}

let nextProject = 1

/** Stores each in a project of its own, all at once: an insert is the slow part. */
export const storedAll = Effect.fn("storedAll")(function* (
  projects: ReadonlyArray<StoredProject>
) {
  const numbered = projects.map((project) => ({ ...project, number: nextProject++ }))
  yield* insertEvents(
    numbered.flatMap(({ events, number }) =>
      events.map((event, index) => ({
        messageId: `m${index}`,
        ...event,
        project: number
      }))
    )
  )
  const links = numbered.flatMap(({ linkedTo, number }) =>
    (linkedTo ?? []).map((person, index) => ({
      project: number,
      id: index + 1,
      person,
      knownAt: 0,
      version: 1
    }))
  )
  if (links.length > 0) yield* insertLinks(links)
  return numbered.map(({ number }) => number)
})
