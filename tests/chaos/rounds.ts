import { expect } from "bun:test"
import { makeClient } from "../e2e/Client.ts"
import type { RunningStack } from "../e2e/RunningStack.ts"
import { killAndWait, startLoad, storedIds, victims } from "./Kills.ts"

/** Figures of a run, for the closing line. */
export interface RoundsReport {
  readonly rounds: number
  readonly acknowledged: number
  readonly withCommitsInFlight: number
}

/**
 * Kills each part in turn at random moments under load with resends, then holds the
 * client's own list of acknowledged ids against the event store.
 */
export const runRounds = async (
  stack: RunningStack,
  rounds: number
): Promise<RoundsReport> => {
  const client = await makeClient(stack)
  const project = await client.createProject(`chaos ${rounds}`)
  const load = startLoad(client, project, { clients: 8, batch: 20, seed: "chaos" })
  let withCommitsInFlight = 0
  for (let round = 0; round < rounds; round++) {
    const victim = victims[round % victims.length] ?? "loader"
    const before = load.acknowledged.size
    while (load.acknowledged.size < before + 200) await Bun.sleep(5)
    await Bun.sleep(Math.random() * 200)
    if (load.inFlight() > 0) withCommitsInFlight++
    await killAndWait(stack, victim)
  }
  await load.stop()
  const accounting = await client.settled(project, 120_000)
  const stored = await storedIds(await stack.file(), project)
  const missing = [...load.acknowledged].filter((id) => !stored.has(id))
  const twice = [...stored].filter(([, count]) => count !== 1)
  expect(missing).toEqual([])
  expect(twice).toEqual([])
  expect(accounting.balanced).toBe(true)
  expect(accounting.stored).toBe(stored.size)
  return { rounds, acknowledged: load.acknowledged.size, withCommitsInFlight }
}
