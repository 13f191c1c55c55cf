/** Rows of numbers by column. NaN is a missing value. */
export interface Features {
  readonly names: ReadonlyArray<string>
  /** One per name, all of `rows` elements. */
  readonly columns: ReadonlyArray<Float32Array>
  readonly rows: number
}

/** Features with what came of each row: 0 or 1. */
export interface Dataset extends Features {
  readonly labels: Uint8Array
  /** As how many rows each counts, above 0; absent: as one. */
  readonly weights?: Float32Array
}
