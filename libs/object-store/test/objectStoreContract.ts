import { describe, expect } from "bun:test"
import { createHash, randomBytes } from "node:crypto"
import { withLayer } from "@analytics/testing/effectTest"
import {
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  type Layer,
  Option,
  Schema,
  Stream
} from "effect"
import { ObjectStore } from "../src/ObjectStore.ts"

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

const put = (key: string, ...chunks: ReadonlyArray<Uint8Array | string>) =>
  Effect.flatMap(ObjectStore, (store) =>
    store.put(key, Stream.fromIterable(chunks.map((it) => Buffer.from(it))))
  )

const bytesOf = (key: string, offset?: number) =>
  Effect.flatMap(ObjectStore, (store) =>
    Stream.runCollect(store.get(key, { offset })).pipe(
      Effect.map((chunks) => Buffer.concat([...chunks]))
    )
  )

const textOf = (key: string) => Effect.map(bytesOf(key), (it) => it.toString("utf8"))

const keysOf = (prefix: string) =>
  Effect.flatMap(ObjectStore, (store) =>
    Stream.runCollect(store.list(prefix)).pipe(
      Effect.map((found) => [...found].map(({ key }) => key))
    )
  )

class SourceBroke extends Schema.TaggedError<SourceBroke>()("SourceBroke", {}) {}

interface About {
  /** A size in bytes that the store does not send in one go. */
  readonly large: number
  /** False for a server that lists in another order than S3. */
  readonly ordered: boolean
}

/** What every ObjectStore does. */
export const objectStoreContract = <E>(
  name: string,
  layer: Layer.Layer<ObjectStore, E>,
  { large, ordered }: About
) => {
  describe(name, () => {
    const { effect } = withLayer(layer)

    effect("keeps what it was given, with its length and sha256", () =>
      Effect.gen(function* () {
        const body = randomBytes(100_000)
        const written = yield* put(
          "whole/one.bin",
          body.subarray(0, 7),
          body.subarray(7)
        )
        expect(written).toEqual({ bytes: body.length, sha256: sha256(body) })
        expect((yield* bytesOf("whole/one.bin")).equals(body)).toBe(true)
        expect(
          (yield* bytesOf("whole/one.bin", 99_990)).equals(body.subarray(99_990))
        ).toBe(true)
        expect(yield* bytesOf("whole/one.bin", 100_000)).toHaveLength(0)
        expect(yield* bytesOf("whole/one.bin", 100_001)).toHaveLength(0)
      })
    )

    effect("keeps large and empty objects", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const body = randomBytes(large)
        const chunks = Stream.range(0, Math.ceil(large / 65_537) - 1).pipe(
          Stream.map((at) => body.subarray(at * 65_537, (at + 1) * 65_537))
        )
        const written = yield* store.put("large", chunks)
        expect(written).toEqual({ bytes: large, sha256: sha256(body) })
        expect(sha256(yield* bytesOf("large"))).toBe(written.sha256)
        expect((yield* put("empty")).bytes).toBe(0)
        expect(yield* bytesOf("empty")).toHaveLength(0)
      })
    )

    effect("replaces an object", () =>
      Effect.gen(function* () {
        yield* put("twice", "first, and longer")
        yield* put("twice", "second")
        expect(yield* textOf("twice")).toBe("second")
      })
    )

    effect("lists by prefix in the order of keys", () =>
      Effect.gen(function* () {
        const keys = ["l/a-b", "l/a.b", "l/a/1", "l/a/2/3", "l/a0", "l/b", "l2"]
        yield* Effect.forEach([...keys].reverse(), (key) => put(key, key))
        const listed = (prefix: string) =>
          Effect.map(keysOf(prefix), (found) => (ordered ? found : found.sort()))
        expect(yield* listed("l/")).toEqual(keys.slice(0, 6))
        expect(yield* listed("l/a")).toEqual(keys.slice(0, 5))
        expect(yield* listed("l/a/")).toEqual(keys.slice(2, 4))
        expect(yield* keysOf("none/such")).toEqual([])
        const store = yield* ObjectStore
        const [info] = yield* Stream.runCollect(store.list("l/a-b"))
        expect(info?.bytes).toBe(5)
        expect(info?.modifiedAt).toBeInstanceOf(Date)
      })
    )

    effect("knows what is there, and removes it", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        yield* put("gone/soon", "text")
        expect(Option.getOrThrow(yield* store.head("gone/soon")).bytes).toBe(4)
        expect(Option.isNone(yield* store.head("gone"))).toBe(true)
        yield* store.remove("gone/soon")
        yield* store.remove("gone/soon")
        expect(Option.isNone(yield* store.head("gone/soon"))).toBe(true)
        expect(yield* keysOf("gone/")).toEqual([])
        const error = yield* Effect.flip(bytesOf("gone/soon"))
        expect(error._tag).toBe("ObjectNotFound")
      })
    )

    effect("keeps nothing of a body that fails, is too long or is given up", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        yield* put("kept", "before")
        const most = Stream.make(Buffer.alloc(large))
        const broken = yield* Effect.flip(
          store.put("kept", Stream.concat(most, Stream.fail(new SourceBroke())))
        )
        expect(broken._tag).toBe("SourceBroke")
        const tooLong = yield* Effect.flip(
          store.put("kept", most, { limit: large - 1 })
        )
        expect(tooLong._tag).toBe("ObjectTooLarge")
        const begun = yield* Deferred.make<void>()
        const endless = Stream.fromEffect(Deferred.succeed(begun, undefined)).pipe(
          Stream.flatMap(() => Stream.never)
        )
        const given = yield* Effect.forkChild(
          store.put("kept", Stream.concat(most, endless))
        )
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(given)
        expect(yield* textOf("kept")).toBe("before")
        expect((yield* store.put("kept", most, { limit: large })).bytes).toBe(large)
      })
    )

    effect("lets one of many writers win, whole", () =>
      Effect.gen(function* () {
        yield* Effect.forEach(
          Array.from({ length: 8 }, (_, index) => index),
          (index) =>
            Effect.andThen(
              put("race/one", `${index}`.repeat(50_000)),
              Effect.flatMap(ObjectStore, (store) => store.remove(`race/${index}`))
            ),
          { concurrency: 8 }
        )
        const text = yield* textOf("race/one")
        expect(text).toBe((text[0] ?? "").repeat(50_000))
      })
    )

    effect("takes no key that could name a path", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const hostile = [
          "../x",
          "a/../../x",
          "/etc/passwd",
          "a//b",
          "",
          ".",
          "a/.",
          "a\0"
        ]
        for (const key of [...hostile, "a\\b", "a/", ".hidden", "x".repeat(901), "ä"]) {
          const written = yield* Effect.exit(put(key, "x"))
          expect(Exit.isFailure(written)).toBe(true)
          expect(Option.isNone(yield* store.head(key))).toBe(true)
          expect((yield* Effect.flip(bytesOf(key)))._tag).toBe("ObjectNotFound")
        }
        expect(Exit.isFailure(yield* Effect.exit(keysOf("../")))).toBe(true)
      })
    )

    effect("stops reading when the reader does", () =>
      Effect.gen(function* () {
        yield* put("read/partly", Buffer.alloc(large))
        const store = yield* ObjectStore
        const head = yield* store
          .get("read/partly")
          .pipe(Stream.take(1), Stream.runCollect, Effect.timeout(Duration.seconds(20)))
        expect(head).toHaveLength(1)
      })
    )
  })
}
