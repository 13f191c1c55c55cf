/** What is wrong with a page, and where. */
export interface Fault {
  readonly path: string
  readonly line: number
  readonly reason: string
}

/** `docs/sql.md:12 reason`, as terminals and editors follow it. */
export const sayFault = ({ path, line, reason }: Fault): string =>
  `${path}:${line} ${reason}`
