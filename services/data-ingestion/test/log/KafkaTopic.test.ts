import { describe, expect, it } from "bun:test"
import { KafkaConfig } from "@analytics/config/KafkaConfig"
import { Effect, Layer, Option, Schedule } from "effect"
import { hasKcat, startMockKafka } from "../../../../tests/chaos/MockKafka.ts"
import * as KafkaTopic from "../../src/log/KafkaTopic.ts"
import { type Fetched, LogTopic } from "../../src/log/LogTopic.ts"

const long = process.env["TEST_LONG"] === "1"

const kafka = Effect.acquireRelease(
  Effect.promise(() => startMockKafka()),
  ({ stop }) => Effect.sync(stop)
)

const topicOf = (brokers: string) =>
  KafkaTopic.layer.pipe(
    Layer.provide(
      KafkaConfig.layerOf({
        log: "kafka",
        brokers: brokers.split(","),
        topic: "frames",
        tls: false,
        mechanism: "plain",
        username: Option.none(),
        password: Option.none()
      })
    )
  )

const entry = (text: string) => ({
  about: text,
  frame: new TextEncoder().encode(text)
})

describe.if(long && hasKcat)("a topic of Kafka", () => {
  it("hands over again what Postgres has lost, though nothing new comes", async () => {
    /** What is copied, by partition, as Postgres would know it. */
    const known = new Map<number, bigint>()
    const handed: Array<string> = []
    const handle = ({ from, messages, partition }: Fetched) =>
      Effect.sync(() => {
        const next = known.get(partition) ?? 0n
        const last = messages.at(-1)
        if (from > next || last === undefined) return next
        handed.push(...messages.map(({ about }) => about ?? ""))
        known.set(partition, last.offset + 1n)
        return last.offset + 1n
      })
    const until = (count: number) =>
      Effect.suspend(() =>
        handed.length >= count ? Effect.void : Effect.fail("not yet")
      ).pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.timeout("50 seconds"))
    await Effect.gen(function* () {
      const { brokers } = yield* kafka
      const context = yield* Layer.build(topicOf(brokers))
      const topic = yield* Effect.provide(LogTopic, context)
      yield* topic
        .send([entry("a")])
        .pipe(Effect.retry({ schedule: Schedule.spaced("500 millis"), times: 20 }))
      yield* topic.consume(handle).pipe(Effect.forkScoped)
      yield* until(1)
      yield* topic.send([entry("b")])
      yield* topic.send([entry("c")])
      yield* until(3)
      known.clear()
      yield* until(6)
      expect(handed.toSorted()).toEqual(["a", "a", "b", "b", "c", "c"])
    }).pipe(Effect.scoped, Effect.runPromise)
  }, 180_000)
})
