import { Schema } from "effect"
import { titleOf } from "../Manifest.ts"
import { LabelSelector, ofKind, selects } from "../Rendered.ts"
import { found, type Policy, policy } from "./Policy.ts"

const Texts = Schema.Array(Schema.String)
const Rules = Schema.Struct({
  rules: Schema.Array(
    Schema.Struct({ apiGroups: Texts, resources: Texts, verbs: Texts })
  )
})
const Binding = Schema.Struct({
  roleRef: Schema.Struct({ kind: Schema.String, name: Schema.String }),
  subjects: Schema.Array(Schema.Struct({ kind: Schema.String, name: Schema.String }))
})
const Policies = Schema.Struct({
  spec: Schema.Struct({
    podSelector: LabelSelector,
    policyTypes: Schema.optionalKey(Texts)
  })
})
const ServiceType = Schema.Struct({
  spec: Schema.Struct({ type: Schema.optionalKey(Schema.String) })
})

/** Kinds that belong to no namespace. */
const clusterWide = new Set(["Namespace", "ClusterRole", "ClusterRoleBinding"])
const labelValue = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/u

/** What is asked of policies, rights and of objects as such. */
export const objectPolicies: ReadonlyArray<Policy> = [
  policy(
    {
      id: "network-policy",
      asks: "be reached by, and reach, only who a NetworkPolicy names",
      productionOnly: true
    },
    (rendered) => {
      const policies = ofKind(rendered, "NetworkPolicy", Policies)
      const covered = (labels: Readonly<Record<string, string>>, type: string) =>
        policies.some(
          ({ is: { spec } }) =>
            selects(spec.podSelector, labels) && spec.policyTypes?.includes(type)
        )
      return rendered.workloads.flatMap(({ podLabels, title }) =>
        found(
          title,
          !(covered(podLabels, "Ingress") && covered(podLabels, "Egress")) &&
            "may be reached by, or reach, anything"
        )
      )
    }
  ),
  policy(
    { id: "service-type", asks: "be inside the cluster: what lets people in is apart" },
    (rendered) =>
      ofKind(rendered, "Service", ServiceType).flatMap(({ is: { spec }, title }) =>
        found(
          title,
          (spec.type ?? "ClusterIP") !== "ClusterIP" && `is open as a ${spec.type}`
        )
      )
  ),
  policy(
    {
      id: "least-rights",
      asks: "be given no wildcards, no Secrets, no way into pods, nothing of the whole cluster"
    },
    (rendered) => [
      ...rendered.manifests
        .filter(({ kind }) => kind === "ClusterRole" || kind === "ClusterRoleBinding")
        .map((manifest) => ({
          at: titleOf(manifest),
          message: "gives rights in every namespace"
        })),
      ...ofKind(rendered, "Role", Rules).flatMap(({ is: { rules }, title }) =>
        rules.flatMap(({ apiGroups, resources, verbs }) =>
          found(
            title,
            ([...apiGroups, ...resources, ...verbs].includes("*") ||
              resources.some((name) =>
                /^(secrets|pods\/.+|.*serviceaccounts.*)$/u.test(name)
              ) ||
              verbs.some((verb) => !["get", "list", "watch"].includes(verb))) &&
              `may ${verbs} ${resources}`
          )
        )
      ),
      ...ofKind(rendered, "RoleBinding", Binding).flatMap(
        ({ is: { roleRef, subjects }, title }) =>
          found(
            title,
            (roleRef.kind !== "Role" ||
              subjects.some(
                ({ kind, name }) => kind !== "ServiceAccount" || name === "default"
              )) &&
              "binds a role of the cluster, or others than a service account of its own"
          )
      )
    ]
  ),
  policy({ id: "namespace", asks: "name its namespace" }, ({ manifests }) =>
    manifests.flatMap((manifest) =>
      found(
        titleOf(manifest),
        !clusterWide.has(manifest.kind) &&
          manifest.namespace !== "analytics" &&
          "is in whatever namespace kubectl is set to"
      )
    )
  ),
  policy(
    { id: "labels", asks: "say what it is of, in labels that are valid" },
    ({ manifests }) =>
      manifests.flatMap((manifest) => {
        const { kind, labels } = manifest
        const wrong = Object.entries(labels).find(
          ([, value]) => !labelValue.test(value)
        )
        if (wrong !== undefined)
          return found(titleOf(manifest), `has the label ${wrong.join("=")}`)
        return found(
          titleOf(manifest),
          !clusterWide.has(kind) &&
            labels["app.kubernetes.io/part-of"] === undefined &&
            "is part of nothing"
        )
      })
  ),
  policy(
    {
      id: "pod-security",
      asks: "let the API server refuse pods that are not `restricted`"
    },
    ({ manifests }) =>
      manifests
        .filter(({ kind }) => kind === "Namespace")
        .flatMap((manifest) =>
          found(
            titleOf(manifest),
            ["enforce", "warn", "audit"].some(
              (mode) =>
                manifest.labels[`pod-security.kubernetes.io/${mode}`] !== "restricted"
            ) && "takes pods that are not restricted"
          )
        )
  )
]
