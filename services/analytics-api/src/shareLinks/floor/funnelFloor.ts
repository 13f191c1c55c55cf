import type { FunnelResult } from "@analytics/analytics-core/query/funnel/Funnel"
import { apart } from "./apart.ts"

/**
 * Steps lie within each other, so that two of them tell who dropped off in between: they are
 * shown as far apart as the floor. A median is one person's time and never shown. A group
 * too small for its first step is not even named.
 */
export const funnelFloor = ({ groups }: FunnelResult, floor: number) => ({
  groups: groups
    .map((group) => {
      const shown = apart(
        group.steps.map(({ count }) => count),
        floor
      )
      return {
        ...group,
        steps: group.steps.map((step, index) => {
          const isShown = shown[index] ?? false
          return {
            event: step.event,
            count: isShown ? step.count : null,
            rateFromPrevious:
              isShown && isPreviousShown(group.steps, shown, index)
                ? step.rateFromPrevious
                : null,
            rateFromFirst: isShown && shown[0] ? step.rateFromFirst : null,
            meanSeconds: isShown ? step.meanSeconds : null,
            medianSeconds: null
          }
        })
      }
    })
    .filter(
      ({ breakdown, other, steps }) =>
        (breakdown === null && !other) || steps.some(({ count }) => count !== null)
    )
})

/** A rate and a count tell the other count, so a rate needs every step before it. */
const isPreviousShown = (
  steps: ReadonlyArray<unknown>,
  shown: ReadonlyArray<boolean>,
  index: number
) => steps.every((_, before) => before >= index || shown[before])
