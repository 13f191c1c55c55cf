import { Context, Effect, Layer, Option, type Redacted } from "effect"
import * as Settings from "./Settings.ts"

const fields = Settings.load({
  log: "INGEST_LOG",
  brokers: "KAFKA_BROKERS",
  topic: "KAFKA_TOPIC",
  tls: "KAFKA_TLS",
  mechanism: "KAFKA_SASL_MECHANISM",
  username: "KAFKA_USERNAME",
  password: "KAFKA_PASSWORD"
})

/** Which log acknowledged events are first written to, and how Kafka is reached. */
export class KafkaConfig extends Context.Service<
  KafkaConfig,
  {
    readonly log: "postgres" | "kafka"
    /** `host:port`; none: there is no Kafka. */
    readonly brokers: ReadonlyArray<string>
    readonly topic: string
    readonly tls: boolean
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512"
    readonly username: Option.Option<string>
    readonly password: Option.Option<Redacted.Redacted>
  }
>()("@analytics/config/KafkaConfig") {
  static readonly layer = Layer.effect(
    KafkaConfig,
    Effect.flatMap(fields, (values) => {
      if (values.log === "kafka" && values.brokers.length === 0)
        return Settings.contradiction(
          "INGEST_LOG is kafka, and KAFKA_BROKERS is empty; set it to the brokers of Kafka."
        )
      if (Option.isSome(values.username) !== Option.isSome(values.password))
        return Settings.contradiction(
          "KAFKA_USERNAME and KAFKA_PASSWORD belong together; set both or neither."
        )
      return Effect.succeed(values)
    })
  )

  static readonly layerOf = (values: KafkaConfig["Service"]) =>
    Layer.succeed(KafkaConfig, values)
}
