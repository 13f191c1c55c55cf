/** A funnel as lines of text: name, people, share of the first step, bar. */
export const drawFunnel = (
  steps: ReadonlyArray<{ readonly event: string; readonly count: number }>
): string => {
  const first = steps[0]?.count ?? 0
  const width = Math.max(...steps.map((step) => step.event.length))
  return steps
    .map(({ count, event }) => {
      const share = first === 0 ? 0 : count / first
      const bar = "█".repeat(Math.round(share * 40)).padEnd(40, "·")
      const percent = `${(share * 100).toFixed(1)} %`.padStart(8)
      return `  ${event.padEnd(width)}  ${String(count).padStart(6)} ${percent}  ${bar}`
    })
    .join("\n")
}
