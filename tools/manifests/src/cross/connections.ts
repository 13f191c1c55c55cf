import { variables } from "@analytics/config/variables"
import { selects } from "../Rendered.ts"
import { addressesOf } from "./addresses.ts"
import { settingOf } from "./Environment.ts"
import { firewallOf } from "./Firewall.ts"
import { check, programsOf } from "./Installation.ts"

/** Where people reach a service from outside: nobody inside goes there. */
const forPeople = new Set(["REPORTING_PUBLIC_URL"])

const usual = new Map([
  ["http:", 80],
  ["https:", 443],
  ["postgres:", 5432],
  ["postgresql:", 5432],
  ["smtp:", 25],
  ["smtps:", 465]
])

/** What a name in the namespace may end with. */
const inside = /\.analytics(?:\.svc(?:\.cluster\.local)?)?$/u

/** What a URL leads to; a bucket without an endpoint is at AWS. */
const target = (value: string): { host: string; port: number } | undefined => {
  if (!URL.canParse(value)) return undefined
  const { hostname, port, protocol } = new URL(value)
  const number = port === "" ? usual.get(protocol) : Number(port)
  const host = hostname.replace(inside, "")
  return number === undefined ? undefined : { host, port: number }
}

const urls = Object.entries(variables)
  .filter(([, { label }]) => label.startsWith("a URL"))
  .map(([name]) => name)
  .filter((name) => !forPeople.has(name))

export const connections = check(
  "connections",
  "reach what its URLs name: a Service that is there, on a port that it has, through both NetworkPolicies",
  (installation) => {
    const { rendered, secrets } = installation
    const addresses = addressesOf(rendered)
    const firewall = firewallOf(rendered)
    return programsOf(installation).flatMap(({ environment, workload }) => {
      const { podLabels, title } = workload
      return urls.flatMap((name) => {
        const value = settingOf(environment, secrets, name)
        const to = value === undefined ? undefined : target(value)
        if (to === undefined) return []
        const problem = (message: string) => [
          { at: title, message: `${name}: ${message}` }
        ]
        if (to.host.includes("."))
          return firewall.mayLeaveTheCluster(podLabels, to.port)
            ? []
            : problem(`its NetworkPolicy lets nothing out to port ${to.port}`)
        const address = addresses.find(({ host }) => host === to.host)
        if (address === undefined) return problem(`there is no Service ${to.host}`)
        const port = address.ports.find((each) => each.port === to.port)
        if (port?.target === undefined || address.podLabels === undefined)
          return problem(`${to.host} does not listen on ${to.port}`)
        if (!firewall.mayLeave(podLabels, address.podLabels, port.target))
          return problem(`its NetworkPolicy does not let it reach ${to.host}`)
        if (!firewall.mayEnter(podLabels, address.podLabels, port.target))
          return problem(`the NetworkPolicy of ${to.host} does not let it in`)
        return []
      })
    })
  }
)

export const policyTargets = check(
  "network-policy-targets",
  "select pods that are there, and peers that are there",
  ({ rendered }) => {
    const pods = [
      ...rendered.workloads.map(({ podLabels }) => podLabels),
      ...addressesOf(rendered).flatMap(({ podLabels }) =>
        podLabels === undefined ? [] : [podLabels]
      )
    ]
    return firewallOf(rendered).selectors.flatMap(({ selector, title }) =>
      pods.some((labels) => selects(selector, labels))
        ? []
        : [{ at: title, message: `selects nothing: ${JSON.stringify(selector)}` }]
    )
  }
)
