import { type Context, SpanKind, trace } from "@opentelemetry/api"
import {
  type Sampler,
  SamplingDecision,
  type SamplingResult
} from "@opentelemetry/sdk-trace-base"

/**
 * What `decided` leaves out is recorded all the same if `records`, so that `KeepNotable`
 * can tell at its end whether it failed or was slow. A trace that begins with an internal
 * step or a call is housekeeping (a queue that is looked at all the time), and is not
 * sampled.
 */
export class KeepSampler implements Sampler {
  readonly #decided: Sampler
  readonly #left: SamplingResult

  constructor(decided: Sampler, records: boolean) {
    this.#decided = decided
    this.#left = {
      decision: records ? SamplingDecision.RECORD : SamplingDecision.NOT_RECORD
    }
  }

  shouldSample(
    ...asked: Parameters<Sampler["shouldSample"]>
  ): ReturnType<Sampler["shouldSample"]> {
    const [context, , , kind] = asked
    if (isHousekeeping(context, kind)) return this.#left
    const result = this.#decided.shouldSample(...asked)
    return result.decision === SamplingDecision.NOT_RECORD ? this.#left : result
  }

  toString(): string {
    return `KeepSampler{${this.#decided}}`
  }
}

const isHousekeeping = (context: Context, kind: SpanKind): boolean =>
  (kind === SpanKind.INTERNAL || kind === SpanKind.CLIENT) &&
  trace.getSpanContext(context) === undefined
