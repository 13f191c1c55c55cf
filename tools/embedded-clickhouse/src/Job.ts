import type { Statistics } from "./Statistics.ts"

/** One statement for an engine worker. Texts are complete; nothing is parsed later. */
export type Job = {
  /** `--path=…`: the data the engine of this process has open. */
  readonly connect: ReadonlyArray<string>
  /** USE and SET statements that come first on the connection. */
  readonly prologue: string
  readonly sql: string
  readonly format: string
  /** True when the statement may write neither through settings nor table functions. */
  readonly readonly: boolean
} & (
  | { readonly kind: "query" }
  | { readonly kind: "stream"; readonly stallMs: number }
  | { readonly kind: "insert"; readonly data: ReadonlyArray<Uint8Array<ArrayBuffer>> }
)

/** Shared with the worker: `cancelled` stops it between pieces, `credits` allow blocks. */
export const Control = { cancelled: 0, credits: 1, length: 2 } as const

export interface Run {
  readonly job: Job
  readonly control: Int32Array
}

export type Report =
  | { readonly type: "ready" }
  | { readonly type: "block"; readonly bytes: ArrayBuffer }
  | { readonly type: "done"; readonly statistics: Statistics }
  | { readonly type: "failed"; readonly message: string }
