import {
  choice,
  labels,
  list,
  matching,
  object,
  ofModel,
  type Resource,
  resource,
  text,
  texts
} from "./shapes.ts"

const duration = matching(/^(\d+(ms|s|m|h))+$/u, "such as 30s")

const ServiceMonitor = object(
  {
    selector: ofModel("V1LabelSelector"),
    endpoints: list(
      object(
        { port: text },
        {
          path: text,
          interval: duration,
          scrapeTimeout: duration,
          scheme: choice("http", "https")
        }
      )
    )
  },
  {
    namespaceSelector: object({}, { matchNames: texts }),
    jobLabel: text,
    targetLabels: texts,
    podTargetLabels: texts
  }
)

const ExternalSecret = object(
  {
    secretStoreRef: object(
      { name: text },
      { kind: choice("SecretStore", "ClusterSecretStore") }
    ),
    target: object(
      { name: text },
      {
        creationPolicy: choice("Owner", "Orphan", "Merge", "None"),
        deletionPolicy: choice("Retain", "Delete", "Merge"),
        template: object({}, { data: labels, type: text })
      }
    )
  },
  {
    refreshInterval: duration,
    data: list(
      object({
        secretKey: text,
        remoteRef: object({ key: text }, { property: text, version: text })
      })
    ),
    dataFrom: list(object({ extract: object({ key: text }) }))
  }
)

const rule = object(
  {},
  {
    alert: text,
    record: text,
    expr: text,
    for: duration,
    labels,
    annotations: labels
  }
)

const PrometheusRule = object({
  groups: list(object({ name: text, rules: list(rule) }, { interval: duration }))
})

/** What we use of the Prometheus operator's and the External Secrets Operator's. */
export const otherResources: ReadonlyArray<Resource> = [
  resource("monitoring.coreos.com/v1", "ServiceMonitor", ServiceMonitor),
  resource("monitoring.coreos.com/v1", "PrometheusRule", PrometheusRule),
  resource("external-secrets.io/v1", "ExternalSecret", ExternalSecret)
]
