import * as Kind from "./Kind.ts"
import { defaulted, optional, type Process } from "./Variable.ts"

const of: ReadonlyArray<Process> = ["data-ingestion", "loader"]

/** Kafka as the log that acknowledged events are first written to. */
export const kafkaVariables = {
  INGEST_LOG: defaulted(Kind.oneOf("postgres", "kafka"), "postgres", {
    of: ["data-ingestion"],
    description:
      "Where events must be durable before they are acknowledged. With `kafka`, loaders move them on into Postgres."
  }),
  KAFKA_BROKERS: defaulted(Kind.list, "", {
    of,
    description:
      "Brokers of Kafka as `host:port`, with commas between them. As long as loaders have it, they move on what the topic holds, whatever `INGEST_LOG` says."
  }),
  KAFKA_TOPIC: defaulted(Kind.text, "analytics-events", {
    of,
    description: "Topic of the frames; of one installation alone."
  }),
  KAFKA_TLS: defaulted(Kind.flag, "false", {
    of,
    description:
      "Whether brokers are spoken to over TLS, and their certificates checked."
  }),
  KAFKA_SASL_MECHANISM: defaulted(
    Kind.oneOf("plain", "scram-sha-256", "scram-sha-512"),
    "scram-sha-512",
    { of, description: "How `KAFKA_USERNAME` signs in." }
  ),
  KAFKA_USERNAME: optional(Kind.text, {
    of,
    description: "Name to sign in with; without it nobody signs in."
  }),
  KAFKA_PASSWORD: optional(Kind.secret, { of, description: "Its password." })
}
