import { Context, Formatter, Logger, Tracer } from "effect"

/**
 * One JSON object a line: `timestamp`, `level`, `service`, `message`, the annotations,
 * `cause`, and the trace it belongs to (`trace_id`, `span_id`).
 */
export const jsonLogger = (service: string) =>
  Logger.withConsoleLog(
    Logger.make((options) => {
      const entry = Logger.formatStructured.log(options)
      const span = Context.getOrUndefined(options.fiber.context, Tracer.ParentSpan)
      return Formatter.formatJson({
        timestamp: entry.timestamp,
        level: entry.level,
        service,
        message: entry.message,
        ...entry.annotations,
        ...(entry.cause === undefined ? {} : { cause: entry.cause }),
        ...(span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId })
      })
    })
  )
