import { Schema } from "effect"
import { LabelSelector, ofKind, selects } from "../Rendered.ts"
import { addressesOf } from "./addresses.ts"
import { check, programsOf } from "./Installation.ts"

const Monitor = Schema.Struct({
  spec: Schema.Struct({
    selector: LabelSelector,
    endpoints: Schema.Array(Schema.Struct({ port: Schema.String }))
  })
})

export const ports = check(
  "ports",
  "listen where its probes, its Services, its monitors and tilt.yaml look for it",
  (installation) => {
    const { rendered, services } = installation
    const addresses = addressesOf(rendered)
    return [
      ...rendered.workloads.flatMap(({ pod, title }) =>
        pod.containers.flatMap(
          ({ livenessProbe, ports: open = [], readinessProbe, startupProbe }) =>
            [livenessProbe, readinessProbe, startupProbe]
              .flatMap((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? [])
              .filter(
                (port) =>
                  !open.some(
                    ({ containerPort, name }) => name === port || containerPort === port
                  )
              )
              .map((port) => ({
                at: title,
                message: `a probe asks ${port}, which is not open`
              }))
        )
      ),
      ...addresses.flatMap(({ podLabels, ports: those, title }) =>
        podLabels === undefined
          ? [{ at: title, message: "selects no pods" }]
          : those
              .filter(({ target }) => target === undefined)
              .map(({ port }) => ({
                at: title,
                message: `its pods do not listen for ${port}`
              }))
      ),
      ...ofKind(rendered, "ServiceMonitor", Monitor).flatMap(
        ({ is: { spec }, title }) =>
          spec.endpoints
            .filter(
              ({ port }) =>
                !rendered.manifests.some(
                  ({ kind, labels, name }) =>
                    kind === "Service" &&
                    selects(spec.selector, labels) &&
                    addresses.some(
                      (address) =>
                        address.host === name &&
                        address.ports.some((each) => each.name === port)
                    )
                )
            )
            .map(({ port }) => ({
              at: title,
              message: `no Service has a port ${port}`
            }))
      ),
      ...programsOf(installation).flatMap(({ environment, workload }) => {
        const wanted = services.get(workload.name)?.port
        if (wanted === undefined) return []
        const open = workload.pod.containers
          .flatMap((container) => container.ports ?? [])
          .find(({ name }) => name === "http")?.containerPort
        return Number(environment.variables.get("PORT")) === wanted && open === wanted
          ? []
          : [{ at: workload.title, message: `does not listen on ${wanted}` }]
      })
    ]
  }
)

export const health = check(
  "health",
  "be asked at /livez whether it runs and at /readyz whether it takes requests",
  (installation) =>
    programsOf(installation)
      .filter(({ workload }) => workload.kind !== "Job")
      .flatMap(({ workload: { pod, title } }) =>
        pod.containers
          .filter(
            ({ livenessProbe, readinessProbe, startupProbe }) =>
              livenessProbe?.httpGet?.path !== "/livez" ||
              startupProbe?.httpGet?.path !== "/livez" ||
              readinessProbe?.httpGet?.path !== "/readyz"
          )
          .map(() => ({ at: title, message: "is asked something else" }))
      )
)
