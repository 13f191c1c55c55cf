import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { IngestConfig } from "@analytics/config/IngestConfig"
import { encodeLine } from "@analytics/data-processing/InboxEvent"
import { monthsOf } from "@analytics/data-processing/Months"
import { judge } from "@analytics/data-processing/protocols/judge"
import type {
  ProtocolAnswer,
  ProtocolRoute,
  Reading,
  RefusedKind,
  Rejected
} from "@analytics/data-processing/protocols/Protocol"
import type { Warning } from "@analytics/data-processing/settings/ProjectRules"
import { Visitors } from "@analytics/data-processing/Visitors"
import { Installation } from "@analytics/database/Installation"
import { exposed } from "@analytics/observability/exposed"
import {
  Context,
  Effect,
  Exit,
  Layer,
  Metric,
  Option,
  Redacted,
  Schedule,
  type Tracer
} from "effect"
import { Inbox } from "../inbox/Inbox.ts"
import { InboxRepo } from "../inbox/InboxRepo.ts"
import type { Lane } from "../inbox/InboxRow.ts"
import { KeyRing } from "../keys/KeyRing.ts"
import type { ProjectKey } from "../keys/ProjectKey.ts"
import { Admission, type Delayed, tooManyStrangers } from "./Admission.ts"
import { keyBefore, keysAfter } from "./Credentials.ts"
import { networkOf } from "./networkOf.ts"
import {
  BodyTooLarge,
  InboxUnavailable,
  KeysUnavailable,
  TooManyEvents,
  UnreadableBody
} from "./ReceiveProblems.ts"
import { type BodyText, heldBy, readText, SMALL_BODY } from "./RequestBody.ts"
import { RuleBook } from "./RuleBook.ts"
import { UsageRepo } from "./UsageRepo.ts"

/** A commit this old means that Postgres is away: more would only pile up. */
const MAX_COMMIT_AGE = 8000

/** Each month of a batch is a POST to the store: what has more of them is an import. */
const MAX_LIVE_MONTHS = 3

/** Limits of the service that a vendor's own may exceed, but never these, in bytes. */
const MOST_BODY = 4 * 1024 * 1024
const MOST_EVENT = 1024 * 1024

/** The largest body of which the key must be found inside: twice what a beacon may have. */
const MAX_KEYLESS_BYTES = 128 * 1024

const rejections = exposed(
  Metric.counter("ingest.events.rejected", {
    description: "Events refused with a verdict",
    incremental: true
  })
)
const pending = exposed(
  Metric.gauge("ingest.pending.bytes", {
    description: "Bytes submitted and not durable yet"
  })
)
const commitAge = exposed(
  Metric.gauge("ingest.commit.age", {
    description: "Age of the oldest event that is not durable yet, in seconds"
  })
)
const backlogSize = exposed(
  Metric.gauge("ingest.backlog.events", {
    description: "Acknowledged events that no loader has taken up yet"
  })
)

/** Why nothing of a request was taken. */
export type ReceiveProblem =
  | Unauthorized
  | Forbidden
  | UnreadableBody
  | BodyTooLarge
  | TooManyEvents
  | InboxUnavailable
  | KeysUnavailable

export interface Refused {
  readonly _tag: "Refused"
  readonly kind: RefusedKind
  readonly problem: ReceiveProblem
  /** Whole seconds: the clients understand nothing else. */
  readonly retryAfter?: number
  /** Items for which nothing was taken, where the protocol asks for all or nothing. */
  readonly rejected?: ReadonlyArray<Rejected>
}

export interface Taken {
  readonly _tag: "Taken"
  readonly projectId: number
  readonly accepted: number
  readonly rejected: ReadonlyArray<Rejected>
  /** What does not fit the project's schema, where it asks that senders be told. */
  readonly warnings: ReadonlyArray<Warning>
  /** The inbox rows that hold the events, when they were asked for. */
  readonly rowIds: ReadonlySet<bigint>
  /** As the client of that protocol understands it. */
  readonly answer: ProtocolAnswer
}

export interface Sent {
  readonly request: Request
  readonly route: ProtocolRoute
  /** Of the URL; empty without any. */
  readonly query: URLSearchParams
  /** The path behind the prefix that carries a key. */
  readonly path: string
  /** The key in that prefix. */
  readonly pathKey?: string | undefined
  readonly lane: Lane
  /** Of the connection, when a visitor's own device sent the request. */
  readonly ip: string | undefined
  readonly userAgent: string | undefined
  /** Of the connection, whoever sent the request. */
  readonly address?: string | undefined
  readonly wantsRowIds: boolean
  /** Of the request, where somebody looks at it. */
  readonly span?: Tracer.Span | undefined
  /** The sender, if it was told apart already: then the request carries no key. */
  readonly project?: ProjectKey
  /** Times are what they say, whatever the batch says about clocks. */
  readonly historical?: boolean
}

/** A request that was read, and whose it is. */
interface Opened {
  readonly project: ProjectKey
  readonly reading: Reading
  /** Of the unpacked body; 0 without one. */
  readonly bytes: number
}

/**
 * Takes events in: reads, judges each, and makes the good ones durable.
 *
 * `receive` is plain promises, because a fiber and a span per request cost as much as all
 * the rest; the commit they share runs as one traced effect. It never rejects.
 */
export class Receiver extends Context.Service<
  Receiver,
  { receive(sent: Sent): Promise<Taken | Refused> }
>()("@analytics/data-ingestion/receive/Receiver") {
  static readonly layer = Layer.effect(
    Receiver,
    Effect.gen(function* () {
      const config = yield* IngestConfig
      const keys = yield* KeyRing
      const inbox = yield* Inbox
      const repo = yield* InboxRepo
      const ruleBook = yield* RuleBook
      const usage = yield* UsageRepo
      const visitors = new Visitors(Redacted.value((yield* Installation).idHashKey))
      const context = yield* Effect.context<never>()
      const runExit = Effect.runPromiseExitWith(context)
      const admission = new Admission(config)

      yield* Effect.gen(function* () {
        yield* Metric.update(pending, inbox.pendingBytes())
        yield* Metric.update(commitAge, inbox.age() / 1000)
        const backlog = yield* repo.backlog
        admission.watch(backlog, performance.now())
        const total = [...backlog.values()].reduce((sum, events) => sum + events, 0)
        yield* Metric.update(backlogSize, total)
      }).pipe(
        // A database that is away shows in the commits.
        Effect.ignore,
        Effect.repeat(Schedule.spaced("1 second")),
        Effect.forkScoped
      )

      yield* Effect.suspend(() => usage.thisMonth(admission.metered)).pipe(
        Effect.map(({ events, monthEnds }) => admission.meter(events, monthEnds)),
        Effect.ignore,
        Effect.repeat(Schedule.spaced("1 second")),
        Effect.forkScoped
      )

      const authorize = async (
        key: string | undefined
      ): Promise<ProjectKey | Refused> => {
        if (key === undefined)
          return refused(
            new Unauthorized({
              detail:
                "Send the project's write key: Authorization Basic or Bearer, or writeKey."
            })
          )
        const known = keys.known(key)
        if (known !== undefined) return allowed(known)
        const exit = await runExit(keys.find(key))
        if (Exit.isFailure(exit)) return refused(new KeysUnavailable({}), 2)
        return Option.isSome(exit.value)
          ? allowed(exit.value.value)
          : refused(new Unauthorized({}))
      }

      /** The first of several keys that somebody knows; what is wrong with the last else. */
      const authorizeOneOf = async (
        candidates: ReadonlyArray<string>
      ): Promise<ProjectKey | Refused> => {
        let verdict = await authorize(candidates[0])
        for (let at = 1; at < candidates.length && isRefused(verdict); at++) {
          if (verdict.kind === "unavailable") return verdict
          verdict = await authorize(candidates[at])
        }
        return verdict
      }

      /** Reads what was sent, of somebody who may be known by then or not. */
      const opened = async (
        { path, query, request, route }: Sent,
        project: ProjectKey | undefined,
        body: string,
        bytes: number
      ): Promise<Opened | Refused> => {
        const { headers } = request
        const method = request.method === "GET" ? "GET" : "POST"
        const reading = route.read({ method, path, query, headers, body, bytes })
        if (reading._tag === "Unreadable") return unreadable(reading.reason)
        if (project !== undefined) return { project, reading, bytes }
        const candidates = keysAfter(route, reading.keys, headers)
        const authorized = await authorizeOneOf(candidates)
        return isRefused(authorized)
          ? authorized
          : { project: authorized, reading, bytes }
      }

      /** The body of a project that is known. */
      const openBody = async (
        sent: Sent,
        project: ProjectKey,
        limit: number
      ): Promise<Opened | Refused> => {
        const { request } = sent
        const { projectId } = project
        const held = heldBy(request, limit)
        const wait = admission.read(projectId, held, performance.now())
        if (wait !== undefined) return delayed(wait)
        let body: BodyText
        try {
          body = await readText(request, limit)
        } finally {
          admission.readEnded(projectId, held)
        }
        if (body._tag === "Text") return opened(sent, project, body.text, body.bytes)
        if (body._tag === "Late") return late()
        return body._tag === "Broken"
          ? unreadable(body.reason)
          : tooLarge(`A body may have ${limit} bytes: send smaller batches.`)
      }

      /** A body that must tell whose it is: its memory is held until that is known. */
      const openStranger = async (
        sent: Sent,
        limit: number,
        most: number
      ): Promise<Opened | Refused> => {
        const { request } = sent
        const network = networkOf(request.headers, sent.address)
        let held = 0
        let hasEnded = false
        const grow = (bytes: number): boolean => {
          if (hasEnded) return false
          if (bytes <= held) return true
          if (!admission.readStranger(network, bytes - held)) return false
          held = bytes
          return true
        }
        if (!grow(Math.min(heldBy(request, limit), SMALL_BODY)))
          return delayed(tooManyStrangers)
        try {
          const body = await readText(request, limit, { grow })
          switch (body._tag) {
            case "Text":
              return await opened(sent, undefined, body.text, body.bytes)
            case "Broken":
              return unreadable(body.reason)
            case "Late":
              return late()
            case "NoRoom":
              return delayed(tooManyStrangers)
            case "TooLarge":
              return tooLarge(
                limit < most
                  ? `A body may have ${limit} bytes when the key is only in it: put the key into Authorization.`
                  : `A body may have ${limit} bytes: send smaller batches.`
              )
          }
        } finally {
          hasEnded = true
          admission.strangerEnded(network, held)
        }
      }

      /** Who sends, and what. */
      const open = async (sent: Sent): Promise<Opened | Refused> => {
        const { query, request, route } = sent
        let project = sent.project
        if (project === undefined) {
          const key = keyBefore(route, sent.pathKey, request.headers, query)
          if (key !== undefined) {
            const authorized = await authorize(key)
            if (isRefused(authorized)) return authorized
            project = authorized
          }
        }
        if (request.method === "GET") return opened(sent, project, "", 0)
        const most = Math.max(
          config.maxBatchBytes,
          Math.min(route.maxBodyBytes ?? 0, MOST_BODY)
        )
        return project === undefined
          ? openStranger(
              sent,
              Math.min(route.maxKeylessBytes ?? MAX_KEYLESS_BYTES, most),
              most
            )
          : openBody(sent, project, most)
      }

      const receive = async (sent: Sent): Promise<Taken | Refused> => {
        const { lane, request, route } = sent
        const it = await open(sent)
        if (isRefused(it)) return it
        const { bytes, project, reading } = it
        const { items } = reading
        if (items.length > config.maxBatchEvents)
          return tooLarge(
            `A batch may have ${config.maxBatchEvents} events: send smaller ones.`
          )
        const { projectId } = project
        const rules = ruleBook.of(project)
        const receivedAt = Date.now()
        const { events: readable, rejected } = judge(
          route,
          reading,
          // What GET carries is bounded by what a URL may be.
          bytes,
          {
            projectId,
            receivedAt,
            testMode: config.testMode,
            maxEventBytes: Math.max(
              config.maxEventBytes,
              Math.min(route.maxEventBytes ?? 0, MOST_EVENT)
            ),
            ip: sent.ip === undefined ? undefined : rules.address(sent.ip),
            userAgent: sent.userAgent,
            historical: sent.historical
          },
          {
            receivedAt,
            visitor: (site, device) =>
              visitors.nameOf({
                projectId,
                site,
                at: receivedAt,
                ip: device?.ip ?? sent.ip ?? "",
                userAgent: device?.userAgent ?? sent.userAgent ?? ""
              })
          }
        )
        if (rejected.length > 0) {
          rejections.updateUnsafe(rejected.length, context)
          if ((reading.onRejected ?? route.onRejected) === "refuse")
            return { ...unreadable(rejected[0]?.reason ?? ""), rejected }
        }
        const rowIds = new Set<bigint>()
        const warnings: Array<Warning> = []
        const taken = (accepted: number): Taken => ({
          _tag: "Taken",
          projectId,
          accepted,
          rejected,
          warnings,
          rowIds,
          answer: reading.answer({ accepted, rejected, warnings })
        })
        if (readable.length === 0) return taken(0)

        const visitor = {
          ip: reading.withoutAddress === true ? undefined : sent.ip,
          userAgent: sent.userAgent,
          optedOut: rules.asksVisitor && hasOptedOut(request.headers)
        }
        const events = readable.map((event) => rules.apply(event, visitor, warnings))

        const lines = events.map(encodeLine)
        let size = lines.length
        for (const line of lines) size += line.length
        if (inbox.age() > MAX_COMMIT_AGE) return refused(new InboxUnavailable({}), 2)
        const now = performance.now()
        const months = monthsOf(events)
        const wanted = typeof months === "object" && isImport(months) ? "bulk" : lane
        const verdict = admission.admit(
          projectId,
          events.length,
          size,
          wanted,
          now,
          rules.limits
        )
        if (verdict._tag === "Delayed") return delayed(verdict)
        const submission = {
          projectId,
          lane: verdict.lane,
          messageIds: events.map(({ m }) => m),
          months,
          lines,
          span: sent.span
        }
        try {
          await inbox.append(
            sent.wantsRowIds ? { ...submission, rowIds } : submission,
            size
          )
          return taken(events.length)
        } catch {
          // Logged where it happened, once for all requests that shared the commit.
          return refused(new InboxUnavailable({}), 1)
        } finally {
          admission.release(projectId, size)
        }
      }
      return Receiver.of({ receive })
    })
  )
}

/** Do Not Track, and Global Privacy Control, which took its place. */
const hasOptedOut = (headers: Headers): boolean =>
  headers.get("dnt") === "1" || headers.get("sec-gpc") === "1"

const isImport = (months: ReadonlyArray<number>): boolean =>
  new Set(months).size > MAX_LIVE_MONTHS

const isRefused = (it: ProjectKey | Opened | Refused): it is Refused => "_tag" in it

const allowed = (key: ProjectKey): ProjectKey | Refused =>
  key.kind === "write"
    ? key
    : refused(
        new Forbidden({ detail: "This is a secret key: send events with a write key." })
      )

const delayed = ({ reason, seconds }: Delayed): Refused =>
  refused(new TooManyEvents({ detail: `${reason}: wait as told.` }), seconds)

const kinds: { readonly [tag in ReceiveProblem["_tag"]]: RefusedKind } = {
  Unauthorized: "unauthorized",
  Forbidden: "forbidden",
  UnreadableBody: "unreadable",
  BodyTooLarge: "tooLarge",
  TooManyEvents: "tooMany",
  InboxUnavailable: "unavailable",
  KeysUnavailable: "unavailable"
}

const refused = (problem: ReceiveProblem, retryAfter?: number): Refused => ({
  _tag: "Refused",
  kind: kinds[problem._tag],
  problem,
  ...(retryAfter === undefined ? undefined : { retryAfter })
})

/** The same bytes may come faster next time; on 400 clients would drop them for good. */
const late = (): Refused =>
  refused(
    new InboxUnavailable({ detail: "The body took too long to come: send it again." }),
    1
  )

const tooLarge = (detail: string): Refused => refused(new BodyTooLarge({ detail }))

const unreadable = (detail: string): Refused => refused(new UnreadableBody({ detail }))
