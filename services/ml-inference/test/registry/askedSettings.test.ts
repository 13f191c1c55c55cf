import { expect, it } from "bun:test"
import { Duration, Effect, Schema } from "effect"
import { askedSettings } from "../../src/registry/askedSettings.ts"
import { VersionSettings } from "../../src/registry/Version.ts"
import { mlConfig } from "./RegistryTest.ts"

it.each([
  ["1 hour", 2 ** 41],
  ["1.5 millis", 64 * 1024 * 1024 + 0.5],
  ["0 millis", 1]
] as const)(
  "a version has limits that can be kept, if the configuration says %s and %d bytes",
  (time, memory) => {
    const duration = Duration.fromInputUnsafe(time)
    const settings = Effect.runSync(
      askedSettings(
        {},
        {
          ...mlConfig("/nowhere"),
          loadTimeout: duration,
          runTimeout: duration,
          executorMemory: memory
        }
      )
    )
    expect(Schema.decodeUnknownSync(VersionSettings)(settings)).toEqual(settings)
  }
)
