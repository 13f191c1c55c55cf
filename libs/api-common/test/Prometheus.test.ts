import { describe, expect, it } from "bun:test"
import { Effect, Metric } from "effect"
import * as Prometheus from "../src/Prometheus.ts"

describe("Prometheus.text", () => {
  it("shows Effect metrics under Prometheus' names, and the process", async () => {
    const accepted = Metric.counter("ingest.events.accepted", {
      description: "Events acknowledged"
    })
    const duration = Metric.histogram("ingest.commit.duration", {
      boundaries: [0.01, 0.1]
    })
    const text = await Effect.runPromise(
      Effect.gen(function* () {
        yield* Metric.update(Metric.withAttributes(accepted, { shard: "3" }), 5)
        yield* Metric.update(duration, 0.05)
        return yield* Prometheus.text
      })
    )
    expect(text).toContain("# HELP ingest_events_accepted_total Events acknowledged\n")
    expect(text).toContain('ingest_events_accepted_total{shard="3"} 5\n')
    expect(text).toContain('ingest_commit_duration_seconds_bucket{le="0.01"} 0\n')
    expect(text).toContain('ingest_commit_duration_seconds_bucket{le="0.1"} 1\n')
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  })
})
