import { Cause, Exit, Predicate, Tracer } from "effect"

/** Characters of a message. */
const LONGEST = 200

/**
 * Spans that tell of a failure what it is and where, and not the values: stores quote the
 * rows that they refuse, and problems what the caller sent. What the caller did wrong is
 * no error of the steps that found it.
 */
export const discreet = (tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    span: (options) => {
      const span = tracer.span(options)
      const end = span.end.bind(span)
      span.end = (endTime, exit) => {
        if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause))
          return end(endTime, exit)
        const fault = isStep(options.kind) ? callersFault(exit.cause) : undefined
        if (fault === undefined) return end(endTime, Exit.failCause(told(exit.cause)))
        span.attribute("error.type", fault)
        end(endTime, Exit.void)
      }
      return span
    },
    context: tracer.context
  })

/** A job or message that fails has failed, whoever is to blame. */
const isStep = (kind: Tracer.SpanKind): boolean =>
  kind === "internal" || kind === "server"

/** The name of the problem that the caller is answered with. */
const callersFault = (cause: Cause.Cause<unknown>): string | undefined => {
  if (Cause.hasDies(cause)) return undefined
  const [reason] = cause.reasons.filter(Cause.isFailReason)
  const error = reason?.error
  const isProblem =
    error instanceof Error &&
    Predicate.hasProperty(error, "title") &&
    Predicate.hasProperty(error, "status") &&
    Predicate.isNumber(error.status) &&
    error.status < 500
  return isProblem ? error.name : undefined
}

const told = (cause: Cause.Cause<unknown>): Cause.Cause<Error> =>
  Cause.fromReasons(
    Cause.prettyErrors(cause, { includeCauseInStack: true }).map((error) =>
      Cause.makeFailReason(withoutValues(error))
    )
  )

const withoutValues = ({ message, name, stack = "" }: Error): Error => {
  // Values stand in quotes, or below.
  const [first = ""] = message.split(/["'`\n\r]/u, 1)
  const text = first.length < message.length ? `${first.trimEnd()} …` : first
  const error = new Error(text.slice(0, LONGEST))
  error.name = name
  const frames = stack.split("\n").filter((line) => /^\s+at /u.test(line))
  error.stack = [`${name}: ${error.message}`, ...frames].join("\n")
  return error
}
