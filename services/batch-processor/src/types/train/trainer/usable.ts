import type { Dataset } from "@analytics/ml-models/train/Dataset"
import type { Part } from "./RowFile.ts"

/** Rows of the rarer outcome that each part needs, so that what is found is no accident. */
const LEAST: Readonly<Record<Part, number>> = { train: 20, validation: 5, holdout: 10 }

const names: Readonly<Record<Part, string>> = {
  train: "to learn from",
  validation: "to choose by",
  holdout: "to be judged by"
}

/** Why nothing can be learnt from these rows, and what to do; undefined if it can. */
export const faultOf = (sets: Readonly<Record<Part, Dataset>>): string | undefined => {
  const all = ["train", "validation", "holdout"] as const
  const rows = all.reduce((sum, part) => sum + sets[part].rows, 0)
  const positives = all.reduce((sum, part) => sum + positivesOf(sets[part]), 0)
  if (rows === 0)
    return "Nobody belongs to the population at any cut: widen `population`, or wait until there is more history."
  if (positives === 0)
    return `The target never happens: of ${rows} rows not one has it. Check the event's name and filters in \`target\`, give it more \`days\`, or change the population.`
  if (positives === rows)
    return `The target always happens: all of ${rows} rows have it, so there is nothing to tell apart. Check \`target\`, give it fewer \`days\`, or widen the population.`
  for (const part of all) {
    const ones = positivesOf(sets[part])
    const rare = Math.min(ones, sets[part].rows - ones)
    if (rare < LEAST[part])
      return `There is too little ${names[part]}: ${sets[part].rows} rows, ${ones} of them with the target, where each outcome is needed ${LEAST[part]} times. Give the target more \`days\`, take more cuts (\`cuts\`: {"count": …, "everyDays": …}), widen the population, or wait for more events.`
  }
  return undefined
}

const positivesOf = ({ labels }: Dataset): number =>
  labels.reduce((sum, label) => sum + label, 0)
