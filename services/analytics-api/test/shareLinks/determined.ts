/** What adds up to nothing: names of numbers, and how often each counts. */
export type Equation = ReadonlyArray<readonly [name: string, factor: number]>

/** Of the hidden numbers, those that the equations and all others together determine. */
export const determined = (
  equations: ReadonlyArray<Equation>,
  hidden: ReadonlyArray<string>
): ReadonlyArray<string> => {
  let rows = equations.map(
    (equation) => new Map(equation.filter(([name]) => hidden.includes(name)))
  )
  const solved: Array<Map<string, number>> = []
  for (;;) {
    rows = rows.filter(({ size }) => size > 0)
    const [pivot, ...rest] = rows
    const [entry] = pivot ?? []
    if (pivot === undefined || entry === undefined) break
    const [name, factor] = entry
    const without = (row: Map<string, number>) => {
      const times = (row.get(name) ?? 0) / factor
      if (times === 0) return row
      const names = new Set([...row.keys(), ...pivot.keys()])
      return new Map(
        [...names]
          .map((each): [string, number] => [
            each,
            (row.get(each) ?? 0) - times * (pivot.get(each) ?? 0)
          ])
          .filter(([, left]) => Math.abs(left) > 1e-9)
      )
    }
    rows = rest.map(without)
    solved.splice(0, solved.length, ...solved.map(without), pivot)
  }
  return solved.flatMap((row) => (row.size === 1 ? [...row.keys()] : []))
}
