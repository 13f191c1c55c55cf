/** In milliseconds. */
const HALF_LIFE = 10_000

/** Beyond it, heavier use makes no difference. */
const LOWEST_PRIORITY = 16

interface Used {
  running: number
  /** What its queries cost, forgotten by half every ten seconds, in milliseconds. */
  spent: number
  at: number
}

/**
 * How much each project used the event store lately, and so how urgent its next query is:
 * who asks little goes before who asks much.
 */
export const projectUsage = () => {
  const projects = new Map<number, Used>()

  const decayed = ({ at, spent }: Used, now: number): number =>
    spent * 0.5 ** (Math.max(0, now - at) / HALF_LIFE)

  const update = (project: number, now: number, change: (used: Used) => void) => {
    const used = projects.get(project) ?? { running: 0, spent: 0, at: now }
    used.spent = decayed(used, now)
    used.at = now
    change(used)
    // Moved to the end: those that were not heard of for long are at the beginning.
    projects.delete(project)
    projects.set(project, used)
    forgetIdle(now)
  }

  /** A project costs memory only while it makes a difference. */
  const forgetIdle = (now: number) => {
    for (const [project, used] of projects) {
      if (used.running > 0) continue
      if (decayed(used, now) >= 1) return
      projects.delete(project)
    }
  }

  return {
    /** Projects that are remembered. */
    size: () => projects.size,
    /** Begins a query; its priority, 1 being the most urgent. */
    begin: (project: number, now: number): number => {
      let priority = 1
      update(project, now, (used) => {
        priority += used.running + Math.floor(Math.log2(1 + used.spent / 1000))
        used.running++
      })
      return Math.min(priority, LOWEST_PRIORITY)
    },
    /** Ends one that cost so many milliseconds of the event store. */
    end: (project: number, cost: number, now: number) =>
      update(project, now, (used) => {
        used.running--
        used.spent += cost
      })
  }
}
