import { expect } from "bun:test"
import type { Delivery } from "./deliver.ts"
import type { FaultName, OfficialClient } from "./OfficialClient.ts"

/** The service has the events, and the client cannot know that. */
const unheard: ReadonlyArray<FaultName> = ["reset during", "reset after", "delay"]

const listOf = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b)

/**
 * What must hold whatever happened: what the library says is delivered is stored once as
 * it was sent, nothing is stored twice, and what it sends again by itself gets through.
 */
export const judgeDelivery = (
  { reports, retries, users }: OfficialClient,
  faults: ReadonlyArray<FaultName>,
  delivery: Delivery
): void => {
  const { accounting, changed, delivered, people, sent, stored } = delivery
  const twice = [...stored].filter(([, times]) => times > 1).map(([n]) => n)
  expect(twice).toEqual([])
  expect(changed).toEqual([])
  expect([...delivered].filter((n) => !stored.has(n))).toEqual([])
  expect(accounting).toMatchObject({
    balanced: true,
    pending: 0,
    quarantined: 0,
    stored: stored.size,
    accepted: stored.size + accounting.duplicate
  })
  if (faults.every((fault) => retries.has(fault))) {
    const all = Array.from({ length: sent }, (_, n) => n)
    expect(listOf(stored.keys())).toEqual(all)
    if (reports) expect(listOf(delivered)).toEqual(all)
    expect(people).toBe(users ? 10 : 1)
  }
  if (reports && !faults.some((fault) => unheard.includes(fault)))
    expect(listOf(stored.keys())).toEqual(listOf(delivered))
}
