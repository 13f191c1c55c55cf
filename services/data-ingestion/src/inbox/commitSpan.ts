import { Effect, type Tracer } from "effect"

/** Requests of one commit that are told apart. */
const MOST_LINKS = 32

/** What a commit knows of the requests that share it. */
interface Traced {
  /** Of the request, where somebody looks at it. */
  readonly span?: Tracer.Span | undefined
}

/**
 * One span for all requests that share the commit: it goes on the trace of the first one
 * that is looked at, and is linked with the others.
 */
export const inCommitSpan = <A, E, R>(
  commit: Effect.Effect<A, E, R>,
  requests: ReadonlyArray<Traced>
) => {
  const spans: Array<Tracer.Span> = []
  for (const { span } of requests)
    if (span !== undefined && spans.length <= MOST_LINKS) spans.push(span)
  const [first, ...others] = spans
  return linkedBack(commit, others).pipe(
    Effect.withSpan("Inbox.commit", {
      kind: "producer",
      ...(first === undefined ? { root: true } : { parent: first }),
      links: others.map(linkTo),
      attributes: {
        "messaging.system": "postgresql",
        "messaging.operation.type": "send",
        "messaging.destination.name": "ingest.inbox",
        "messaging.batch.message_count": requests.length
      }
    })
  )
}

/** So that from each of the requests one finds the commit, too. */
const linkedBack = <A, E, R>(
  commit: Effect.Effect<A, E, R>,
  requests: ReadonlyArray<Tracer.Span>
): Effect.Effect<A, E, R> =>
  requests.length === 0
    ? commit
    : Effect.currentSpan.pipe(
        Effect.tap((span) =>
          Effect.sync(() => {
            for (const request of requests) request.addLinks([linkTo(span)])
          })
        ),
        Effect.ignore,
        Effect.andThen(commit)
      )

const linkTo = (span: Tracer.AnySpan): Tracer.SpanLink => ({ span, attributes: {} })
