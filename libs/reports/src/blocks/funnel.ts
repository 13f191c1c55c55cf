import type { Chart } from "../Chart.ts"
import type { FunnelAnswer } from "./Answers.ts"
import type { Asked } from "./Asked.ts"
import { eventName, groupName } from "./valueText.ts"

/** Groups that can be compared step by step. */
const MOST_GROUPS = 6

export const drawFunnel = (asked: Asked, { groups }: FunnelAnswer) => {
  const whole: Chart = {
    form: "funnel",
    groups: groups.map((group) => ({
      name: groupName(group) ?? null,
      steps: group.steps.map(({ count, event, rateFromFirst, rateFromPrevious }) => ({
        name: event === null ? "Any event" : eventName(event),
        count,
        rateFromFirst,
        rateFromPrevious
      }))
    }))
  }
  // Of several groups there is no one number.
  if (asked.shown?.form === "number" && groups.length <= 1) {
    const chart: Chart = {
      form: "number",
      values: { kind: "percent" },
      value: groups[0]?.steps.at(-1)?.rateFromFirst ?? null,
      ...(asked.shown.better === undefined ? {} : { better: asked.shown.better })
    }
    return { chart, whole }
  }
  if (groups.length <= MOST_GROUPS) return { chart: whole, whole }
  return {
    chart: { ...whole, groups: whole.groups.slice(0, MOST_GROUPS) },
    whole,
    remark: `The first ${MOST_GROUPS} of ${groups.length} groups are drawn.`
  }
}
