const CODE = /Code:\s*(\d+)/

/** An error of the engine (or one of ours in its form), with ClickHouse's code. */
export class EngineError extends Error {
  override readonly name = "EngineError"
  readonly code: number

  constructor(message: string) {
    super(message)
    this.code = Number(CODE.exec(message)?.[1] ?? 1001)
  }
}

/** An error in ClickHouse's own wording: `Code: n. DB::Exception: text. (NAME)`. */
export const engineError = (code: number, name: string, text: string): EngineError =>
  new EngineError(`Code: ${code}. DB::Exception: ${text}. (${name})`)

/** What was thrown, as an {@link EngineError}. */
export const toEngineError = (thrown: unknown): EngineError =>
  thrown instanceof EngineError
    ? thrown
    : new EngineError(thrown instanceof Error ? thrown.message : String(thrown))

const byStatus: ReadonlyArray<readonly [number, ReadonlyArray<number>]> = [
  [401, [194]],
  [403, [192, 193, 497, 516]],
  // Unparsable values, syntax, wrong types: the statement or its data is at fault.
  [400, [6, 25, 26, 27, 36, 38, 41, 43, 53, 62, 69, 72, 117, 130, 321, 376, 427, 456]],
  [400, [457, 581, 584, 675, 691]],
  // Unknown table, function, identifier, type, engine, database, format, setting.
  [404, [46, 47, 50, 55, 56, 60, 63, 73, 78, 81, 115, 511]],
  [408, [159]],
  [411, [381]],
  [413, [223, 307]],
  [429, [201]],
  [501, [48]],
  [503, [202, 209, 236, 439, 745]]
]

const statuses: ReadonlyMap<number, number> = new Map(
  byStatus.flatMap(([status, codes]) => codes.map((code) => [code, status] as const))
)

/** The HTTP status a ClickHouse server answers for an exception code. */
export const httpStatus = (code: number): number => statuses.get(code) ?? 500
