import { KafkaConfig } from "@analytics/config/KafkaConfig"
import { Duration, Effect, Exit, Layer, Option, Predicate, Redacted } from "effect"
import {
  type Batch,
  type EachBatchPayload,
  Kafka,
  type KafkaConfig as KafkaOptions,
  logLevel,
  Partitioners
} from "kafkajs"
import { LogUnavailable } from "../inbox/EventLog.ts"
import { type Fetched, LogTopic } from "./LogTopic.ts"

/** Consumers of this group share the partitions; where they stand is in Postgres. */
const GROUP = "analytics-copier"

/** How long brokers may take to have a write on all replicas, and all attempts at it. */
const ACK_TIMEOUT_MS = 5000
const SEND_TIMEOUT = "10 seconds"
const REQUEST_TIMEOUT_MS = 8000
const RETRIES = 2

/** How long what could not be handled waits. */
const PAUSE_MS = 500
const HANDLE_TIMEOUT = Duration.minutes(1)

const HEARTBEAT_MS = 2000
/** A partition of which nothing came for so long is asked for where it stands. */
const QUIET_MS = 15_000

const MOST_PARTITION_BYTES = 4 * 1024 * 1024
const MOST_FETCH_BYTES = 16 * 1024 * 1024

const unavailable = (cause: unknown) =>
  new LogUnavailable({
    reason: `Kafka: ${cause instanceof Error ? cause.message : String(cause)}`
  })

/** A topic of Kafka. */
export const layer = Layer.effect(
  LogTopic,
  Effect.gen(function* () {
    const config = yield* KafkaConfig
    const runFork = Effect.runForkWith(yield* Effect.context<never>())
    const kafka = new Kafka({
      clientId: "analytics",
      brokers: [...config.brokers],
      ssl: config.tls,
      connectionTimeout: 3000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      retry: { retries: RETRIES, initialRetryTime: 100, maxRetryTime: 2000 },
      logLevel: logLevel.ERROR,
      logCreator:
        () =>
        ({ log, namespace }) => {
          runFork(
            Effect.logWarning("Kafka").pipe(
              Effect.annotateLogs({ namespace, message: log.message })
            )
          )
        },
      ...sasl(config)
    })
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      retry: { retries: RETRIES, initialRetryTime: 100, maxRetryTime: 1000 }
    })
    const admin = kafka.admin()
    let connected: Promise<unknown> | undefined
    /** Once for all; again after a failure. */
    const connect = () => {
      connected ??= Promise.all([producer.connect(), admin.connect()]).catch(
        (cause: unknown) => {
          connected = undefined
          throw cause
        }
      )
      return connected
    }
    yield* Effect.addFinalizer(() =>
      Effect.promise(() =>
        Promise.allSettled([producer.disconnect(), admin.disconnect()])
      ).pipe(Effect.timeoutOption("5 seconds"))
    )
    const within = <A>(work: () => Promise<A>) =>
      Effect.tryPromise({ try: () => connect().then(work), catch: unavailable }).pipe(
        Effect.timeoutOrElse({
          duration: SEND_TIMEOUT,
          orElse: () => Effect.fail(unavailable(`no answer in ${SEND_TIMEOUT}`))
        })
      )

    const extents = within(() => admin.fetchTopicOffsets(config.topic)).pipe(
      Effect.map((partitions) =>
        partitions.map(({ high, low, partition }) => ({
          partition,
          low: BigInt(low),
          end: BigInt(high)
        }))
      )
    )

    const consume = <E, R>(handle: (fetched: Fetched) => Effect.Effect<bigint, E, R>) =>
      Effect.gen(function* () {
        const run = Effect.runPromiseExitWith(yield* Effect.context<R>())
        const consumer = kafka.consumer({
          groupId: `${GROUP}-${config.topic}`,
          sessionTimeout: 10_000,
          heartbeatInterval: HEARTBEAT_MS,
          maxWaitTimeInMs: 200,
          maxBytesPerPartition: MOST_PARTITION_BYTES,
          maxBytes: MOST_FETCH_BYTES,
          allowAutoTopicCreation: false,
          retry: { retries: RETRIES }
        })
        /** When something of an assigned partition came last, and which are at work. */
        const cameAt = new Map<number, number>()
        const busy = new Set<number>()
        consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
          cameAt.clear()
          for (const partition of memberAssignment[config.topic] ?? [])
            cameAt.set(partition, Date.now())
        })

        /**
         * What Postgres knows may go back (a failover, a restored backup), and the group
         * is behind it then: of a quiet partition nothing would come that tells.
         */
        const askQuiet = Effect.gen(function* () {
          const quiet = (partition: number) =>
            !busy.has(partition) &&
            Date.now() - (cameAt.get(partition) ?? Number.POSITIVE_INFINITY) > QUIET_MS
          if (![...cameAt.keys()].some(quiet)) return
          for (const { end, partition } of yield* extents) {
            if (!quiet(partition)) continue
            const next = yield* handle({ partition, from: end, messages: [] })
            if (next >= end || !quiet(partition)) continue
            cameAt.set(partition, Date.now())
            consumer.seek({ topic: config.topic, partition, offset: String(next) })
          }
        }).pipe(
          Effect.timeout(HANDLE_TIMEOUT),
          Effect.catchCause((cause) =>
            Effect.logWarning("quiet partitions were not asked for", cause)
          ),
          Effect.delay(QUIET_MS),
          Effect.forever
        )

        const each = async (payload: EachBatchPayload) => {
          const { batch, heartbeat } = payload
          // The group must not give the partition to another while Postgres is slow.
          const beating = setInterval(() => {
            // The one after the work says what is wrong.
            heartbeat().catch(() => undefined)
          }, HEARTBEAT_MS)
          busy.add(batch.partition)
          try {
            await work(payload)
          } finally {
            clearInterval(beating)
            busy.delete(batch.partition)
            if (cameAt.has(batch.partition)) cameAt.set(batch.partition, Date.now())
          }
        }
        const work = async (payload: EachBatchPayload) => {
          const { batch, heartbeat, isRunning, isStale, resolveOffset } = payload
          const fetched = {
            partition: batch.partition,
            from: askedFor(batch),
            messages: batch.messages.map(({ headers, offset, value }) => ({
              offset: BigInt(offset),
              about: headers?.["about"]?.toString(),
              frame: new Uint8Array(value ?? Buffer.alloc(0))
            }))
          }
          while (isRunning() && !isStale()) {
            const exit = await run(handle(fetched).pipe(Effect.timeout(HANDLE_TIMEOUT)))
            if (Exit.isSuccess(exit)) {
              const last = fetched.messages.at(-1)?.offset
              if (last !== undefined && exit.value === last + 1n)
                resolveOffset(String(last))
              else
                consumer.seek({
                  topic: batch.topic,
                  partition: batch.partition,
                  offset: String(exit.value)
                })
              await heartbeat()
              return
            }
            runFork(Effect.logError("frames were not copied; tried again", exit.cause))
            await Bun.sleep(PAUSE_MS)
            await heartbeat()
          }
        }
        yield* Effect.acquireRelease(
          Effect.tryPromise({ try: () => consumer.connect(), catch: unavailable }),
          () =>
            Effect.promise(() => consumer.disconnect()).pipe(
              Effect.timeoutOption("5 seconds"),
              Effect.ignoreCause
            )
        )
        return yield* Effect.callback<never, LogUnavailable>((resume) => {
          const failed = (cause: unknown) => resume(Effect.fail(unavailable(cause)))
          consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
            if (!restart) failed(error)
          })
          consumer
            .subscribe({ topics: [config.topic], fromBeginning: true })
            .then(() =>
              consumer.run({
                eachBatch: each,
                eachBatchAutoResolve: false,
                partitionsConsumedConcurrently: 3
              })
            )
            .catch(failed)
        }).pipe(Effect.raceFirst(askQuiet))
      }).pipe(Effect.scoped)

    return LogTopic.of({
      name: config.topic,
      send: Effect.fn("KafkaTopic.send")((entries) =>
        within(() =>
          producer.send({
            topic: config.topic,
            acks: -1,
            timeout: ACK_TIMEOUT_MS,
            messages: entries.map(({ about, frame }) => ({
              value: Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength),
              headers: { about }
            }))
          })
        ).pipe(Effect.asVoid)
      ),
      consume,
      extents
    })
  })
)

const sasl = (config: KafkaConfig["Service"]): Pick<KafkaOptions, "sasl"> => {
  if (Option.isNone(config.username) || Option.isNone(config.password)) return {}
  const username = config.username.value
  const password = Redacted.value(config.password.value)
  switch (config.mechanism) {
    case "plain":
      return { sasl: { mechanism: "plain", username, password } }
    case "scram-sha-256":
      return { sasl: { mechanism: "scram-sha-256", username, password } }
    case "scram-sha-512":
      return { sasl: { mechanism: "scram-sha-512", username, password } }
  }
}

/** The offset that was asked for; the library does not declare it. */
const askedFor = (batch: Batch): bigint => {
  const asked = Predicate.hasProperty(batch, "fetchedOffset")
    ? batch.fetchedOffset
    : batch.firstOffset()
  return BigInt(String(asked ?? 0))
}
