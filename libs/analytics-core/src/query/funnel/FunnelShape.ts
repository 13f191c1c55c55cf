import { int64, integer, type Sql, sql } from "../Sql.ts"

/**
 * What a kernel needs to know of a funnel. Every event reaches it as one number: its
 * milliseconds since 1970, plus one so that zero means none, above its flags. The lowest
 * flags are the required steps in their order, then the optional steps, then the
 * exclusions.
 */
export interface FunnelShape {
  readonly order: "ordered" | "strict" | "unordered"
  readonly required: number
  readonly optional: number
  /** Between which required steps, counted from 1, its event ends an attempt. */
  readonly exclusions: ReadonlyArray<{ readonly from: number; readonly to: number }>
  /** Whether one event can match two of the conditions. */
  readonly overlapping: boolean
  readonly windowMs: number
}

export const bitsOf = (shape: FunnelShape): number =>
  shape.required + shape.optional + shape.exclusions.length

/** Milliseconds take 42 bits until the year 2109. */
export const packed = (shape: FunnelShape): Sql =>
  bitsOf(shape) <= 22 ? sql`toUInt64` : sql`toUInt128`

/** The time of the packed event `x`, in milliseconds. */
export const timeOf = (shape: FunnelShape, x: Sql): Sql =>
  sql`toInt64(bitShiftRight(${x}, ${integer(bitsOf(shape))}))`

/** The packed event `x` with every flag, so that the later of two instants is the larger. */
export const lastOf = (shape: FunnelShape, x: Sql): Sql =>
  sql`bitOr(${x}, ${packed(shape)}(${integer(2 ** bitsOf(shape) - 1)}))`

/**
 * Whether the packed event `x` lies at most a window after `start`, which carries every
 * flag. Sums, as differences of the unsigned would wrap.
 */
export const withinWindow = (shape: FunnelShape, x: Sql, start: Sql): Sql =>
  sql`${x} <= ${start} + bitShiftLeft(${packed(shape)}(${int64(shape.windowMs)}), ${integer(bitsOf(shape))})`

/** Flags that `bitTest` can read: it knows no larger numbers than of 64 bits. */
export const flagsOf = (shape: FunnelShape, x: Sql): Sql =>
  bitsOf(shape) <= 22 ? x : sql`toUInt64(${x})`

/** Whether the packed event `x` carries the flag at `position`, counted from 1. */
export const flagged = (shape: FunnelShape, x: Sql, position: number): Sql =>
  sql`bitTest(${flagsOf(shape, x)}, ${integer(position - 1)})`

/** The required steps that the packed event `x` matches, as a set of bits. */
export const stepsOf = (shape: FunnelShape, x: Sql): Sql =>
  sql`toUInt32(bitAnd(${x}, ${integer(2 ** shape.required - 1)}))`

/** 1, 2 … n */
export const upTo = (n: number): ReadonlyArray<number> =>
  Array.from({ length: n }, (_, index) => index + 1)

export const x: Sql = sql`x`
