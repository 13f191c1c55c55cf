import { timeZone } from "@analytics/analytics-core/query/TimeZone"
import type { AlertDefinition } from "./AlertDefinition.ts"
import { minutesOf, sendableAt } from "./quietTime.ts"

/** From when on a notice of `now` may be sent, and what holds it until then. */
export const held = (
  { days, quietHours, timezone }: AlertDefinition,
  now: number
): { readonly dueAt: number; readonly heldBy: string | null } => {
  const zone = timeZone(timezone)
  if (zone === undefined || (days === null && quietHours === null))
    return { dueAt: now, heldBy: null }
  const quiet = quietHours && {
    from: minutesOf(quietHours.from),
    to: minutesOf(quietHours.to)
  }
  const dueAt = sendableAt(
    { days: days ?? undefined, quietHours: quiet ?? undefined },
    zone,
    now
  )
  return { dueAt, heldBy: dueAt > now ? "Quiet hours or days" : null }
}
