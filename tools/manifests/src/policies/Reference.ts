/** A rule of a known checker, and what becomes of it here. */
export interface Reference {
  readonly id: string
  /** Policies and checks of ours that ask the same or more; `schema` is the strict schema. */
  readonly by?: ReadonlyArray<string>
  /** Why none does. */
  readonly not?: string
}

export const by = (id: string, ...ours: ReadonlyArray<string>): Reference => ({
  id,
  by: ours
})
export const not = (id: string, why: string): Reference => ({ id, not: why })

export const noCpuLimit =
  "against it: a limit of CPU holds answers up while cores are idle; `no-cpu-limit` asks for none"
export const alwaysPulls =
  "against it: tags are fixed, and a registry that is away must stop no start; `pull-policy` asks for `IfNotPresent`"
export const noIngress =
  "there is none: what lets people in belongs to the cluster, not to the product"
export const noCronJob = "there is none: schedules are the product's own"
export const noPriority =
  "which workloads of a cluster matter more is for its owners to say"
