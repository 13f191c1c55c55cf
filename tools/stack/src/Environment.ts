import { Redacted } from "effect"
import type { Secrets } from "./Secrets.ts"
import type { StackSettings } from "./StackSettings.ts"
import { type ServiceSpec, services, storePorts } from "./services.ts"

type Variables = Record<string, string | undefined>

/** Where the stores are: the given URLs, else those of the embedded servers. */
export const storeUrls = (
  settings: StackSettings["Service"],
  secrets: Secrets["Service"]
) => {
  const { clickhousePassword, databasePassword } = secrets
  const at = (offset: number) => `127.0.0.1:${settings.portBase + offset}/analytics`
  return {
    postgres:
      settings.databaseUrl ??
      `postgres://postgres:${Redacted.value(databasePassword)}@${at(storePorts.postgres)}`,
    clickhouse:
      settings.clickhouseUrl ??
      `http://default:${Redacted.value(clickhousePassword)}@${at(storePorts.clickhouse)}`
  }
}

export const serviceUrl = (portBase: number, service: ServiceSpec): string =>
  `http://127.0.0.1:${portBase + service.port}`

const urlVariable = (name: string): string =>
  `${name.toUpperCase().replaceAll("-", "_")}_URL`

/** What every part gets: the caller's environment, and over it how the parts meet. */
export const commonEnvironment = (
  caller: Variables,
  settings: StackSettings["Service"],
  secrets: Secrets["Service"]
): Variables => {
  const stores = storeUrls(settings, secrets)
  const urls = services
    .filter((service) => service.public)
    .map((service) => [
      urlVariable(service.name),
      serviceUrl(settings.portBase, service)
    ])
  return overlay(
    { HOST: "127.0.0.1", LOG_FORMAT: "pretty", ...caller },
    {
      DATABASE_URL: stores.postgres,
      CLICKHOUSE_URL: stores.clickhouse,
      ADMIN_KEY: Redacted.value(secrets.adminKey),
      SERVICE_KEY: Redacted.value(secrets.serviceKey),
      REPORTING_SECRET: Redacted.value(secrets.reportingSecret),
      ...Object.fromEntries(urls)
    }
  )
}

export const serviceEnvironment = (
  common: Variables,
  service: ServiceSpec,
  { data, portBase }: { readonly data: string; readonly portBase: number }
): Variables => {
  const own = Object.entries(service.env).map(([name, value]) => [
    name,
    value
      .replaceAll("{data}", data)
      .replaceAll("{port}", String(portBase + service.port))
      .replaceAll("{port+10}", String(portBase + service.port + 10))
  ])
  return overlay(common, {
    PORT: String(portBase + service.port),
    ...Object.fromEntries(own)
  })
}

/** A variable and its `_FILE` form exclude each other, so what is set here removes the other. */
function overlay(under: Variables, over: Readonly<Record<string, string>>): Variables {
  const files = Object.keys(over).map((name) => [`${name}_FILE`, undefined])
  return { ...under, ...Object.fromEntries(files), ...over }
}
