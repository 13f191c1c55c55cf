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

/** As `exceptionCodeToHTTPStatus` of a ClickHouse server; others are 500. */
const byStatus: ReadonlyArray<readonly [number, ReadonlyArray<number>]> = [
  [401, [194]],
  [403, [192, 193, 497, 512, 516]],
  // The statement or its data is at fault.
  [400, [6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168]],
  [400, [223, 321, 376, 427, 441, 675, 676]],
  // Unknown function, identifier, type, engine, table, format, database, setting, role.
  [404, [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511]],
  [408, [159]],
  [411, [381]],
  [413, [229]],
  [415, [779]],
  [501, [48]],
  [503, [76, 209, 439]],
  // Raised by this package: body too large or not decompressible, no thread free.
  [413, [307]],
  [400, [271]],
  [503, [202]]
]

const statuses: ReadonlyMap<number, number> = new Map(
  byStatus.flatMap(([status, codes]) => codes.map((code) => [code, status] as const))
)

/** The HTTP status a ClickHouse server answers for an exception code. */
export const httpStatus = (code: number): number => statuses.get(code) ?? 500
