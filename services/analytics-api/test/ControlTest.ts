import { Health } from "@analytics/api-common/Health"
import { AccessConfig } from "@analytics/config/AccessConfig"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Layer, Logger, Redacted } from "effect"
import { ControlLive } from "../src/ControlLive.ts"

export const adminKey = "admin-key-of-this-test"
export const serviceKey = "service-key-of-this-test"

export const access = AccessConfig.layerOf({
  adminKey: Redacted.make(adminKey),
  serviceKey: Redacted.make(serviceKey)
})

/** Everything about projects and keys on a Postgres of its own, without a word. */
export const ControlTest = Layer.mergeAll(ControlLive, Health.layer({})).pipe(
  Layer.provide(access),
  Layer.provideMerge(TestPostgres.client),
  Layer.provideMerge(Logger.layer([]))
)

export const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
