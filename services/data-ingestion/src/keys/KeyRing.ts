import { hashKey } from "@analytics/api-common/BearerKey"
import { KeySyncConfig } from "@analytics/config/KeySyncConfig"
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
import { KeyFeed, KeyFeedUnavailable } from "./KeyFeed.ts"
import { KeyFile } from "./KeyFile.ts"
import { isUsable, type ProjectKey } from "./ProjectKey.ts"
import { RecentlyUnknown } from "./RecentlyUnknown.ts"

/** Look-ups of unknown keys at the same time; guesses must not become a load. */
const LOOKUPS = 16

/** Last uses told in one report. */
const MAX_USES = 1000

const staleness = Metric.gauge("ingest.keys.age", {
  description: "Seconds since the keys were last brought up to date"
})

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
  }
>()("@analytics/data-ingestion/keys/KeyRing") {
  static readonly layer = Layer.effect(
    KeyRing,
    Effect.gen(function* () {
      const config = yield* KeySyncConfig
      const feed = yield* KeyFeed
      const file = yield* KeyFile
      const keys = new Map<string, ProjectKey>()
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

      const saved = yield* file.load
      if (Option.isSome(saved)) {
        revision = saved.value.revision
        for (const key of saved.value.keys) keys.set(key.hash, key)
      }

      const refresh = Effect.gen(function* () {
        const report = [...used]
          .slice(0, MAX_USES)
          .map(([keyId, at]) => ({ keyId, at: new Date(at).toISOString() }))
        let changes = yield* feed.changes(revision, report)
        for (const { keyId, at } of report)
          if (used.get(keyId) === Date.parse(at)) used.delete(keyId)
        if (changes.revision < revision) {
          // Another installation, or one restored from a backup: start over.
          changes = yield* feed.changes(0, [])
          keys.clear()
        }
        let changed = changes.revision !== revision
        // The feed answers in pages.
        while (changes.keys.length > 0) {
          changed = true
          for (const key of changes.keys) {
            keys.set(key.hash, key)
            unknown.delete(key.hash)
          }
          revision = changes.revision
          changes = yield* feed.changes(revision, [])
        }
        revision = changes.revision
        updatedAt = Date.now()
        if (changed) yield* file.save({ revision, keys: [...keys.values()] })
      }).pipe(Effect.withSpan("KeyRing.refresh"))

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
        if (key === undefined || !isUsable(key, now)) return undefined
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
        })
      })
    })
  )
}

const hashOf = (key: string): string => hashKey(Redacted.make(key))
