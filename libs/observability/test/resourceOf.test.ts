import { expect, it } from "bun:test"
import { ObservabilityConfig } from "@analytics/config/ObservabilityConfig"
import { ConfigProvider, Effect } from "effect"
import { resourceOf } from "../src/resourceOf.ts"

const told = (env: Record<string, string>) =>
  Effect.runPromise(
    Effect.map(ObservabilityConfig, (config) => resourceOf("loader", config)).pipe(
      Effect.provide(ObservabilityConfig.layer),
      Effect.provideService(
        ConfigProvider.ConfigProvider,
        ConfigProvider.fromEnvRecord(env)
      )
    )
  )

it("tells version, instance and environment", async () => {
  const env = { SERVICE_VERSION: "1.2.3", DEPLOYMENT_ENVIRONMENT: "production" }
  expect(await told(env)).toMatchObject({
    serviceName: "loader",
    attributes: {
      "service.version": "1.2.3",
      "service.instance.id": expect.stringMatching(/.+:\d+$/),
      "deployment.environment.name": "production",
      "deployment.environment": "production"
    }
  })
})

it("leaves to OTEL_RESOURCE_ATTRIBUTES what it names", async () => {
  const { attributes } = await told({
    OTEL_RESOURCE_ATTRIBUTES: "service.instance.id=pod-1, k8s.pod.name=pod-1"
  })
  expect(attributes).not.toHaveProperty(["service.instance.id"])
  expect(attributes).toHaveProperty(["service.version"])
})
