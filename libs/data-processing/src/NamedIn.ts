import type { InboxEvent } from "./InboxEvent.ts"

/**
 * How an id may stand in an inbox line: as a value, or as one inside the text of what is
 * malformed, where its quotes are escaped once more.
 */
export const writtenIn = (id: string): ReadonlyArray<string> => {
  const value = JSON.stringify(id)
  return [value, JSON.stringify(value).slice(1, -1)]
}

/** Whether what is no event of its protocol has `id` as some value: nobody knows as whose. */
export const isNamedIn = ({ d, q }: InboxEvent, id: string): boolean => {
  const sent = q === "malformed" ? d?.["sent"] : undefined
  return typeof sent === "string" && sent.includes(JSON.stringify(id))
}
