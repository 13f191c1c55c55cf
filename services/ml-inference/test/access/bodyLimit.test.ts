import { afterAll, describe, expect, it } from "bun:test"
import { defaultLimit } from "@analytics/api-common/JsonBody"
import { ManagedRuntime } from "effect"
import { bodyLimit, LARGEST_BODY } from "../../src/access/bodyLimit.ts"
import { AccessTest } from "../registry/RegistryTest.ts"

const runtime = ManagedRuntime.make(AccessTest)
afterAll(() => runtime.dispose())

const limitOf = (key: string | undefined, length: number | undefined, query = "") =>
  bodyLimit(runtime)(
    new Request(`http://localhost/v1/models/m/versions${query}`, {
      method: "POST",
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(length === undefined ? {} : { "content-length": String(length) })
      }
    })
  )

describe("a large body", () => {
  it.each([
    ["sk_1", LARGEST_BODY, "", LARGEST_BODY],
    ["sk_1", undefined, "", LARGEST_BODY],
    ["admin", LARGEST_BODY, "?projectId=2", LARGEST_BODY],
    ["admin", LARGEST_BODY, "", defaultLimit],
    ["sk_1", LARGEST_BODY, "?projectId=x", defaultLimit],
    ["sk_1", defaultLimit, "", defaultLimit],
    ["sk_unknown", LARGEST_BODY, "", defaultLimit],
    ["sk_other", LARGEST_BODY, "", defaultLimit],
    ["sk_away", LARGEST_BODY, "", defaultLimit],
    ["wk_1", undefined, "", defaultLimit],
    [undefined, undefined, "", defaultLimit]
  ])(
    "of %s, announced as %s%s, is read up to %i bytes",
    async (key, length, query, most) => {
      expect(await limitOf(key, length, query)).toBe(most)
    }
  )
})
