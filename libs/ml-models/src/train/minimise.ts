/** A smooth convex function of a point. */
export interface Convex {
  readonly dimensions: number
  readonly start: Float64Array
  /** Value and slope at a point; later products are with the curvature there. */
  readonly at: (point: Float64Array) => {
    readonly value: number
    readonly slope: Float64Array
  }
  readonly curvatureTimes: (direction: Float64Array) => Float64Array
}

/**
 * Where a convex function is least: Newton's method, its steps found by conjugate
 * gradients and shortened until they gain (Armijo). Ends when the slope is 1e-7 of the
 * first, when no step gains, or after `steps`.
 */
export const minimise = (
  { dimensions, start, at, curvatureTimes }: Convex,
  steps: number,
  onStep: (done: number) => void
): Float64Array => {
  let point = start
  let here = at(point)
  const first = lengthOf(here.slope)
  for (let step = 1; step <= steps && lengthOf(here.slope) > 1e-7 * first; step++) {
    const direction = newtonDirection(here.slope, curvatureTimes, dimensions)
    const descent = dot(direction, here.slope)
    let size = 1
    let next = moved(point, direction, size)
    let there = at(next)
    while (!(there.value <= here.value + 1e-4 * size * descent) && size > 1e-9) {
      size /= 2
      next = moved(point, direction, size)
      there = at(next)
    }
    if (!(there.value < here.value)) break
    point = next
    here = there
    onStep(step)
  }
  return point
}

/** Solves curvature · direction = −slope about as far as the step is worth. */
const newtonDirection = (
  slope: Float64Array,
  curvatureTimes: Convex["curvatureTimes"],
  dimensions: number
): Float64Array => {
  const direction = new Float64Array(dimensions)
  const residual = slope.map((value) => -value)
  let along = residual.slice()
  let square = dot(residual, residual)
  const enough = square * Math.min(0.01, Math.sqrt(square)) ** 2
  for (let round = 0; round < 2 * dimensions + 10 && square > enough; round++) {
    const curved = curvatureTimes(along)
    const curvature = dot(along, curved)
    if (!(curvature > 0)) break
    const size = square / curvature
    add(direction, along, size)
    add(residual, curved, -size)
    const next = dot(residual, residual)
    const ratio = next / square
    along = residual.map((value, index) => value + ratio * (along[index] ?? 0))
    square = next
  }
  return direction
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let index = 0; index < a.length; index++)
    sum += (a[index] ?? 0) * (b[index] ?? 0)
  return sum
}

const lengthOf = (vector: Float64Array): number => Math.sqrt(dot(vector, vector))

const add = (to: Float64Array, vector: Float64Array, factor: number): void => {
  for (let index = 0; index < to.length; index++)
    to[index] = (to[index] ?? 0) + factor * (vector[index] ?? 0)
}

const moved = (from: Float64Array, direction: Float64Array, size: number) => {
  const point = from.slice()
  add(point, direction, size)
  return point
}
