import { hashKey } from "@analytics/api-common/BearerKey"
import { KeySyncConfig } from "@analytics/config/KeySyncConfig"
import { exposed } from "@analytics/observability/exposed"
import {
  Context,
  Duration,
  Effect,
  Fiber,
  Layer,
  Metric,
  Option,
  Redacted,
  Schedule,
  Semaphore
} from "effect"
import { type Changes, KeyFeed, KeyFeedUnavailable } from "./KeyFeed.ts"
import { KeyFile } from "./KeyFile.ts"
import { isUsable, type ProjectKey } from "./ProjectKey.ts"
import { RecentlyUnknown } from "./RecentlyUnknown.ts"

/** Look-ups of unknown keys at the same time; guesses must not become a load. */
const LOOKUPS = 16

/**
 * Milliseconds between complete readings: of a store that was restored from a backup and
 * went on to the same revision, the changes alone show nothing.
 */
const COMPLETE_EVERY = 600_000

/** Last uses told in one report. */
const MAX_USES = 1000

const staleness = exposed(
  Metric.gauge("ingest.keys.age", {
    description: "Seconds since the keys were last brought up to date"
  })
)

/** The keys of all projects, by hash. */
export class KeyRing extends Context.Service<
  KeyRing,
  {
    /** The usable key at once if it is known; `undefined` says nothing about others. */
    known(key: string): ProjectKey | undefined
    /**
     * The usable key, asking analytics-api when it is not known here. None when there is
     * no such key; fails when that cannot be told.
     */
    find(key: string): Effect.Effect<Option.Option<ProjectKey>, KeyFeedUnavailable>
    /**
     * Some key of the project, usable or not, for who sends in its name and needs its
     * settings. None when there is no such project or it is deleted.
     */
    ofProject(id: number): Effect.Effect<Option.Option<ProjectKey>, KeyFeedUnavailable>
    /** Projects that are known to be deleted. */
    readonly deletedProjects: () => ReadonlySet<number>
  }
>()("@analytics/data-ingestion/keys/KeyRing") {
  static readonly layer = Layer.effect(
    KeyRing,
    Effect.gen(function* () {
      const config = yield* KeySyncConfig
      const feed = yield* KeyFeed
      const file = yield* KeyFile
      let keys = new Map<string, ProjectKey>()
      /** Settings are of the project, so every key of it carries the same. */
      let projects = new Map<number, ProjectKey>()
      const deleted = new Set<number>()
      const used = new Map<string, number>()
      const unknown = new RecentlyUnknown()
      const lookups = new Map<
        string,
        Fiber.Fiber<ProjectKey | null, KeyFeedUnavailable>
      >()
      const fork = Effect.runForkWith(yield* Effect.context<never>())
      const permits = yield* Semaphore.make(LOOKUPS)
      let revision = 0
      let updatedAt = Date.now()
      /** How far the clock that revokes keys is ahead of ours. */
      let ahead = 0
      /** When all keys were last read; those of the file may be of another past. */
      let completeAt = Number.NEGATIVE_INFINITY
      let unsaved = false

      const saved = yield* file.load
      if (Option.isSome(saved)) {
        revision = saved.value.revision
        for (const key of saved.value.keys) {
          keys.set(key.hash, key)
          projects.set(key.projectId, key)
          noteDeletion(key, deleted)
        }
      }

      /** Passes on the keys of `page` and of all after it; answers the last revision. */
      const follow = Effect.fnUntraced(function* (
        first: Changes,
        take: (key: ProjectKey, page: Changes) => void
      ) {
        let page = first
        while (page.keys.length > 0) {
          for (const key of page.keys) {
            take(key, page)
            noteDeletion(key, deleted)
          }
          page = yield* feed.changes(page.revision, [])
        }
        return page.revision
      })

      /** Takes effect when all of it was read, so that a failure half-way costs no key. */
      const startOver = Effect.fnUntraced(function* (first: Changes) {
        const fresh = new Map<string, ProjectKey>()
        const owners = new Map<number, ProjectKey>()
        revision = yield* follow(first, (key) => {
          fresh.set(key.hash, key)
          owners.set(key.projectId, key)
        })
        keys = fresh
        projects = owners
        for (const hash of fresh.keys()) unknown.delete(hash)
        completeAt = performance.now()
        unsaved = true
      })

      const alone = yield* Semaphore.make(1)
      const refresh = Effect.gen(function* () {
        const report = [...used]
          .slice(0, MAX_USES)
          .map(([keyId, at]) => ({ keyId, at: new Date(at).toISOString() }))
        const complete = performance.now() - completeAt >= COMPLETE_EVERY
        const changes = yield* feed.changes(complete ? 0 : revision, report)
        for (const { keyId, at } of report)
          if (used.get(keyId) === Date.parse(at)) used.delete(keyId)
        ahead = changes.ahead
        if (complete) yield* startOver(changes)
        // Another installation, or one restored from a backup.
        else if (changes.revision < revision)
          yield* startOver(yield* feed.changes(0, []))
        else
          revision = yield* follow(changes, (key, page) => {
            keys.set(key.hash, key)
            projects.set(key.projectId, key)
            unknown.delete(key.hash)
            revision = page.revision
            unsaved = true
          })
        updatedAt = Date.now()
        if (!unsaved) return
        unsaved = false
        yield* file.save({ revision, keys: [...keys.values()] })
      }).pipe(alone.withPermit, Effect.withSpan("KeyRing.refresh"))

      yield* refresh.pipe(
        // Without the error's own fields: at a start it is a matter of who is up first.
        Effect.tapError((error) =>
          Effect.logWarning("keys not refreshed").pipe(
            Effect.annotateLogs({ reason: String(error.cause) })
          )
        ),
        Effect.ignore,
        Effect.tap(() =>
          Effect.suspend(() =>
            Metric.update(staleness, (Date.now() - updatedAt) / 1000)
          )
        ),
        Effect.repeat(
          Schedule.spaced(Duration.min(config.interval, Duration.seconds(1)))
        ),
        Effect.forkScoped
      )

      const usable = (hash: string): ProjectKey | undefined => {
        const key = keys.get(hash)
        const now = Date.now()
        if (key === undefined || !isUsable(key, now + ahead)) return undefined
        used.set(key.keyId, now)
        return key
      }

      /** One question per hash, however many requests wait for its answer. */
      const lookup = (hash: string) =>
        Effect.suspend(() => {
          const running = lookups.get(hash)
          if (running !== undefined) return Fiber.join(running)
          const fiber = fork(
            feed.lookup(hash).pipe(
              permits.withPermit,
              Effect.timeoutOrElse({
                duration: "4 seconds",
                orElse: () => Effect.fail(new KeyFeedUnavailable({ cause: "busy" }))
              }),
              Effect.ensuring(Effect.sync(() => lookups.delete(hash)))
            )
          )
          lookups.set(hash, fiber)
          return Fiber.join(fiber)
        })

      return KeyRing.of({
        known: (key) => usable(hashOf(key)),
        deletedProjects: () => deleted,
        find: Effect.fn("KeyRing.find")(function* (key) {
          const hash = hashOf(key)
          if (keys.has(hash)) return Option.fromUndefinedOr(usable(hash))
          if (unknown.has(hash)) return Option.none()
          const found = yield* lookup(hash)
          if (found === null) {
            unknown.add(hash)
            return Option.none()
          }
          // What the feed said meanwhile is newer.
          if (!keys.has(hash)) keys.set(hash, found)
          return Option.fromUndefinedOr(usable(hash))
        }),
        ofProject: Effect.fn("KeyRing.ofProject")(function* (id) {
          // It may be too young to be known here yet.
          if (!projects.has(id)) yield* refresh
          return deleted.has(id)
            ? Option.none()
            : Option.fromUndefinedOr(projects.get(id))
        })
      })
    })
  )
}

/** A deletion is for ever, whatever a restored store says later. */
const noteDeletion = (key: ProjectKey, deleted: Set<number>): void => {
  if (key.projectDeletedAt !== null) deleted.add(key.projectId)
}

const hashOf = (key: string): string => hashKey(Redacted.make(key))
