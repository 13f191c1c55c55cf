/** What the tests ran of one file; code that ran in child processes is not in it. */
export interface FileCoverage {
  readonly file: string
  readonly lines: Share
  readonly functions: Share
}

export interface Share {
  readonly hit: number
  readonly found: number
}

/** Reads an lcov report: the counts of each record. A file in several records is summed up once, by its best. */
export const parseLcov = (text: string): ReadonlyArray<FileCoverage> => {
  const files = new Map<string, FileCoverage>()
  for (const record of text.split("end_of_record")) {
    const fields = new Map(
      record.split("\n").map((line) => {
        const colon = line.indexOf(":")
        return [line.slice(0, colon), line.slice(colon + 1)] as const
      })
    )
    const file = fields.get("SF")
    if (file === undefined) continue
    const count = (name: string) => Number(fields.get(name) ?? 0)
    files.set(file, {
      file,
      lines: { hit: count("LH"), found: count("LF") },
      functions: { hit: count("FNH"), found: count("FNF") }
    })
  }
  return [...files.values()]
}
