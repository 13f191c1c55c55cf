import type { Variable } from "@analytics/config/Variable"
import type { TiltYaml } from "@analytics/stack/TiltYaml"
import { Result, Schema } from "effect"
import { ComposeFile, type ComposeService } from "./ComposeFile.ts"

export interface Known {
  readonly variables: Readonly<Record<string, Variable<unknown>>>
  /** Of tilt.yaml. */
  readonly services: TiltYaml["services"]
  readonly dockerfile: string
}

type Report = (fault: string) => void

/** Everything that is wrong with a Compose file; nothing when it may be used. */
export const faultsOf = (text: string, known: Known): Array<string> => {
  const decoded = Schema.decodeUnknownResult(ComposeFile)(Bun.YAML.parse(text), {
    onExcessProperty: "error",
    errors: "all"
  })
  if (Result.isFailure(decoded)) return decoded.failure.message.split("\n")
  const file = decoded.success
  const faults: Array<string> = []
  for (const name of [...Object.keys(known.services), "migrations"])
    if (file.services[name] === undefined) faults.push(`${name} is missing`)
  for (const [name, service] of Object.entries(file.services)) {
    const report: Report = (fault) => faults.push(`${name}: ${fault}`)
    checkReferences(service, file, report)
    checkImage(service, report)
    const own = known.services[name]
    if (own !== undefined || name === "migrations") {
      const process = name === "migrations" ? "migrate" : name
      checkVariables(service, process, known, report)
      checkUrls(service, file, known, report)
    }
    if (own !== undefined) checkService(service, own, known, report)
  }
  return faults
}

const checkReferences = (
  service: ComposeService,
  file: ComposeFile,
  report: Report
): void => {
  for (const other of Object.keys(service.depends_on ?? {}))
    if (file.services[other] === undefined)
      report(`waits for ${other}, which is not there`)
  for (const volume of service.volumes ?? []) {
    const [source = ""] = volume.split(":")
    if (!(source in file.volumes)) report(`there is no volume ${source}`)
  }
  for (const { source } of service.configs ?? [])
    if (!(source in file.configs)) report(`there is no configuration ${source}`)
  for (const secret of service.secrets ?? [])
    if (!(secret in file.secrets)) report(`there is no secret ${secret}`)
  for (const [name, value] of Object.entries(service.environment ?? {}))
    if (name.endsWith("_FILE")) {
      const secret = /^\/run\/secrets\/(\w+)$/.exec(value)?.[1]
      if (secret === undefined || !(service.secrets ?? []).includes(secret))
        report(`${name} names ${value}, which is not mounted`)
    }
  for (const port of service.ports ?? [])
    if (!port.startsWith("127.0.0.1:")) report(`port ${port} is not bound to 127.0.0.1`)
}

const checkImage = ({ build, image }: ComposeService, report: Report): void => {
  const own = /^analytics\/([\w-]+):dev$/.exec(image)?.[1]
  if (own === undefined) {
    const tag = /:([^/]+)$/.exec(image)?.[1]
    if (tag === undefined || !/\d/.test(tag)) report(`${image} has no version`)
  } else if (build !== undefined && build.args["SERVICE"] !== own)
    report(`${image} is built for ${build.args["SERVICE"]}`)
}

const checkVariables = (
  { environment = {} }: ComposeService,
  process: string,
  { variables }: Known,
  report: Report
): void => {
  const given = new Set<string>()
  for (const [key, text] of Object.entries(environment)) {
    const isFile = key.endsWith("_FILE") && !(key in variables)
    const name = isFile ? key.slice(0, -"_FILE".length) : key
    given.add(name)
    const variable = variables[name]
    if (variable === undefined) report(`no variable is called ${name}`)
    else if (!variable.of.some((of) => of === process))
      report(`${name} is none of its variables`)
    else if (!isFile && Result.isFailure(variable.read(expanded(text))))
      report(`${name} must be ${variable.label}, and is ${text}`)
  }
  for (const [name, variable] of Object.entries(variables))
    if (
      variable.fallback === "required" &&
      variable.of.some((of) => of === process) &&
      !given.has(name)
    )
      report(`${name} is required, and not set`)
}

/** `${NAME:-default}` as it is without the variable. */
const expanded = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, "$1")

const checkUrls = (
  { environment = {} }: ComposeService,
  file: ComposeFile,
  { services }: Known,
  report: Report
): void => {
  for (const [name, text] of Object.entries(environment)) {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || !/^(https?|smtp):$/.test(url.protocol)) continue
    const { hostname, port } = url
    if (hostname === "127.0.0.1") continue
    const named = services[hostname]
    if (file.services[hostname] === undefined)
      report(`${name} names ${hostname}, which is not there`)
    else if (named !== undefined && String(named.port) !== port)
      report(`${name}: ${hostname} listens on ${named.port}`)
  }
}

const checkService = (
  service: ComposeService,
  { entry, image, port }: Known["services"][string],
  { dockerfile }: Known,
  report: Report
): void => {
  const { environment = {}, healthcheck, ports = [] } = service
  if (service.image !== `analytics/${image}:dev`) report(`runs ${service.image}`)
  if (entry !== `services/${image}/src/main.ts` && service.command?.[0] !== entry)
    report(`does not run ${entry}`)
  if (environment["PORT"] !== String(port))
    report(`PORT is ${environment["PORT"]}, and ${port} in tilt.yaml`)
  for (const published of ports)
    if (!published.endsWith(`:${port}`))
      report(`${published} leads to another port than ${port}`)
  if (!healthcheck?.test.join(" ").includes(`127.0.0.1:${port}/readyz`))
    report(`its health check does not ask /readyz of ${port}`)
  const user = /^USER (\S+)$/m.exec(dockerfile)?.[1]
  if (service.user !== user || !service.read_only)
    report(`has to run as ${user}, read_only`)
  const drain = Number.parseInt(environment["HTTP_DRAIN_TIMEOUT"] ?? "10", 10)
  const grace = Number.parseInt(service.stop_grace_period ?? "10", 10)
  if (grace < drain + 5)
    report(`stop_grace_period is shorter than its drain and 5 seconds`)
}
