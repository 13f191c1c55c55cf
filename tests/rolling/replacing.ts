import type { ClusterService } from "./ClusterService.ts"
import type { Replica } from "./Replica.ts"

/** Replicas of one service, and how connections reach them. */
export interface Deployment {
  readonly name: string
  readonly service: ClusterService
  readonly start: () => Promise<Replica>
  readonly replicas: Array<Replica>
}

export const scale = async (deployment: Deployment, count: number) => {
  const { replicas, service, start } = deployment
  const made = await Promise.all(Array.from({ length: count }, start))
  replicas.push(...made)
  await Promise.all(
    made.map(({ log, port }) =>
      service.add(port).catch((error: Error) => {
        throw new Error(`${deployment.name}: ${error.message}\n${log()}`)
      })
    )
  )
}

/**
 * Each replica in turn: a new one first, then the old one is told to end, as a Deployment
 * with `maxUnavailable: 0` does. Answers the exit codes.
 */
export const replaceAll = async (
  deployment: Deployment,
  signal: NodeJS.Signals = "SIGTERM"
): Promise<ReadonlyArray<number>> => {
  const codes: Array<number> = []
  for (const old of [...deployment.replicas]) {
    await scale(deployment, 1)
    codes.push(await old.ended(signal))
    deployment.replicas.splice(deployment.replicas.indexOf(old), 1)
    await deployment.service.forget(old.port)
  }
  return codes
}

export const stopAll = async (deployments: ReadonlyArray<Deployment>) => {
  for (const { replicas, service } of deployments) {
    await Promise.all(replicas.map((replica) => replica.ended("SIGKILL")))
    await service.stop()
  }
}
