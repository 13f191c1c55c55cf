import type { Finding } from "../Manifest.ts"
import type { Container } from "../PodSpec.ts"
import type { Rendered } from "../Rendered.ts"
import type { Workload } from "../Workload.ts"

/** What well-kept manifests do; `docs/operations/policies.md` lists them all. */
export interface Policy {
  readonly id: string
  /** Completes "each … has to". */
  readonly asks: string
  /** Left out for development: one of everything, sources that are replaced in place. */
  readonly productionOnly: boolean
  readonly check: (rendered: Rendered) => ReadonlyArray<Finding>
}

type Verdict = string | undefined | false
interface About {
  readonly id: string
  readonly asks: string
  readonly productionOnly?: boolean
}

/** Asks something of the objects as a whole. */
export const policy = (
  { asks, id, productionOnly = false }: About,
  check: (
    rendered: Rendered
  ) => ReadonlyArray<{ readonly at: string; readonly message: string }>
): Policy => ({
  id,
  asks,
  productionOnly,
  check: (rendered) => check(rendered).map((found) => ({ rule: id, ...found }))
})

/** Asks something of everything that runs pods: a text says what is wrong. */
export const ofWorkloads = (about: About, check: (workload: Workload) => Verdict) =>
  policy(about, ({ workloads }) =>
    workloads.flatMap((workload) => found(workload.title, check(workload)))
  )

/** Asks something of every container. */
export const ofContainers = (
  about: About,
  check: (container: Container, workload: Workload) => Verdict
) =>
  policy(about, ({ workloads }) =>
    workloads.flatMap((workload) =>
      [...workload.pod.containers, ...(workload.pod.initContainers ?? [])].flatMap(
        (container) =>
          found(`${workload.title} ${container.name}`, check(container, workload))
      )
    )
  )

export const found = (at: string, message: Verdict) =>
  message === undefined || message === false ? [] : [{ at, message }]
