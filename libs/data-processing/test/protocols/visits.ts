import type {
  Device,
  ProtocolRoute,
  Visit
} from "@analytics/data-processing/protocols/Protocol"
import { Visitors } from "@analytics/data-processing/Visitors"

const visitors = new Visitors(new Uint8Array(16).fill(7))

/** What the receiver knows of a request from `device`, with visitors' real names. */
export const visitAt = (
  receivedAt: number,
  device: Required<Device>,
  projectId = 1
): Visit => ({
  receivedAt,
  visitor: (site, other) =>
    visitors.nameOf({
      projectId,
      site,
      at: receivedAt,
      ip: other?.ip ?? device.ip ?? "",
      userAgent: other?.userAgent ?? device.userAgent ?? ""
    })
})

export const routeIn = (
  routes: ReadonlyArray<ProtocolRoute>,
  path: string
): ProtocolRoute => {
  const route = routes.find((each) => each.path === path)
  if (route === undefined) throw new Error(`no route takes ${path}`)
  return route
}
