/** What the pages of a test see, of two projects: 7 and 8. */
export class World {
  /** What people wrote, wherever they can. */
  text = "Orders"
  revoked = new Set<string>()
  keysAway = false
  analyticsAway = false
  storeAway = false
  isBroken = false
  isRunning = false
  /** Of alerts: that they cannot be evaluated. */
  hasProblem = true
  started: Array<{ readonly id: string; readonly actor: string }> = []
  lookUps = 0
}

export const id = (n: number) => `0198c6a8-0000-7000-8000-00000000000${n}`
/** Of a project, each thing has the id of its number. */
export const isOf = (projectId: number, wanted: string) => wanted === id(projectId)
