import { Schema } from "effect"
import { LabelSelector, ofKind, type Rendered, selects } from "../Rendered.ts"

type Labels = Readonly<Record<string, string>>

const Peer = Schema.Struct({
  podSelector: Schema.optionalKey(LabelSelector),
  namespaceSelector: Schema.optionalKey(LabelSelector),
  ipBlock: Schema.optionalKey(Schema.Struct({ cidr: Schema.String }))
})
const Ports = Schema.optionalKey(
  Schema.Array(Schema.Struct({ port: Schema.Union([Schema.Int, Schema.String]) }))
)
const Policy = Schema.Struct({
  spec: Schema.Struct({
    podSelector: LabelSelector,
    policyTypes: Schema.Array(Schema.String),
    ingress: Schema.optionalKey(
      Schema.Array(
        Schema.Struct({ from: Schema.optionalKey(Schema.Array(Peer)), ports: Ports })
      )
    ),
    egress: Schema.optionalKey(
      Schema.Array(
        Schema.Struct({ to: Schema.optionalKey(Schema.Array(Peer)), ports: Ports })
      )
    )
  })
})

/** Who may speak to whom inside the namespace, by its NetworkPolicies. */
export interface Firewall {
  readonly mayLeave: (from: Labels, to: Labels, port: number) => boolean
  readonly mayEnter: (from: Labels, to: Labels, port: number) => boolean
  /** To an address outside the cluster. */
  readonly mayLeaveTheCluster: (from: Labels, port: number) => boolean
  /** Selectors of pods in policies, each with the policy that has it. */
  readonly selectors: ReadonlyArray<{
    readonly title: string
    readonly selector: typeof LabelSelector.Type
  }>
}

export const firewallOf = (rendered: Rendered): Firewall => {
  const all = ofKind(rendered, "NetworkPolicy", Policy)
  const numbered = (of: Labels, port: number | string) =>
    typeof port === "number"
      ? port
      : rendered.workloads
          .filter(({ podLabels }) => selects({ matchLabels: of }, podLabels))
          .flatMap(({ pod }) => pod.containers.flatMap(({ ports = [] }) => ports))
          .find(({ name }) => name === port)?.containerPort
  const open = (
    ports: ReadonlyArray<{ readonly port: number | string }> | undefined,
    of: Labels,
    port: number
  ) => ports === undefined || ports.some((each) => numbered(of, each.port) === port)
  const concerning = (labels: Labels, type: "Ingress" | "Egress") =>
    all
      .map(({ is }) => is.spec)
      .filter(
        ({ podSelector, policyTypes }) =>
          policyTypes.includes(type) && selects(podSelector, labels)
      )
  const isPod = (peer: typeof Peer.Type, labels: Labels) =>
    peer.podSelector !== undefined &&
    peer.namespaceSelector === undefined &&
    selects(peer.podSelector, labels)

  return {
    mayLeave: (from, to, port) => {
      const rules = concerning(from, "Egress")
      return (
        rules.length === 0 ||
        rules.some(({ egress = [] }) =>
          egress.some(
            (rule) =>
              open(rule.ports, to, port) &&
              (rule.to === undefined || rule.to.some((peer) => isPod(peer, to)))
          )
        )
      )
    },
    mayEnter: (from, to, port) => {
      const rules = concerning(to, "Ingress")
      return (
        rules.length === 0 ||
        rules.some(({ ingress = [] }) =>
          ingress.some(
            (rule) =>
              open(rule.ports, to, port) &&
              (rule.from === undefined || rule.from.some((peer) => isPod(peer, from)))
          )
        )
      )
    },
    mayLeaveTheCluster: (from, port) => {
      const rules = concerning(from, "Egress")
      return (
        rules.length === 0 ||
        rules.some(({ egress = [] }) =>
          egress.some(
            (rule) =>
              open(rule.ports, {}, port) &&
              (rule.to === undefined ||
                rule.to.some(({ ipBlock }) => ipBlock !== undefined))
          )
        )
      )
    },
    selectors: all.flatMap(({ is: { spec }, title }) =>
      [
        spec.podSelector,
        ...(spec.ingress ?? []).flatMap(({ from = [] }) => from.map(ownPods)),
        ...(spec.egress ?? []).flatMap(({ to = [] }) => to.map(ownPods))
      ].flatMap((selector) => (selector === undefined ? [] : [{ title, selector }]))
    )
  }
}

const ownPods = ({ namespaceSelector, podSelector }: typeof Peer.Type) =>
  namespaceSelector === undefined ? podSelector : undefined
