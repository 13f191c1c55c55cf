import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import type { ObservabilityConfig } from "@analytics/config/ObservabilityConfig"
import { Option } from "effect"

type Config = ObservabilityConfig["Service"]

/**
 * Who tells it, in OpenTelemetry's names. What `OTEL_RESOURCE_ATTRIBUTES` says itself is
 * left out here, because that counts more.
 */
export const resourceOf = (serviceName: string, config: Config) => {
  const named = new Set(
    Option.getOrElse(config.attributes, () => "")
      .split(",")
      .map((pair) => pair.split("=", 1)[0]?.trim())
  )
  const attributes = {
    "service.namespace": "analytics",
    "service.version": Option.getOrElse(config.serviceVersion, repositoryVersion),
    "service.instance.id": `${hostname()}:${process.pid}`,
    "deployment.environment.name": config.environment,
    // Its name before, which many dashboards still ask for.
    "deployment.environment": config.environment
  }
  return {
    serviceName,
    attributes: Object.fromEntries(
      Object.entries(attributes).filter(([name]) => !named.has(name))
    )
  }
}

/** Of the `package.json` at the root, which an image has too. */
const repositoryVersion = (): string => {
  try {
    const path = join(import.meta.dirname, "../../../package.json")
    const { version }: { version?: unknown } = JSON.parse(readFileSync(path, "utf8"))
    return typeof version === "string" ? version : "unknown"
  } catch {
    return "unknown"
  }
}
