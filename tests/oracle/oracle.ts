import { lifecycle, stickiness } from "./activity.ts"
import { funnel } from "./funnel.ts"
import { events, people } from "./lists.ts"
import type { World } from "./Model.ts"
import { paths } from "./paths.ts"
import type { Request } from "./requests.ts"
import { retention } from "./retention.ts"
import { sessions } from "./sessions.ts"
import { trends } from "./trends.ts"

/** The answer's `result`, counted one by one; its instants are milliseconds since 1970. */
export const answered = (world: World, request: Request): object => {
  switch (request.kind) {
    case "trends":
      return trends(world, request)
    case "funnel":
      return funnel(world, request)
    case "retention":
      return retention(world, request)
    case "stickiness":
      return stickiness(world, request)
    case "lifecycle":
      return lifecycle(world, request)
    case "sessions":
      return sessions(world, request)
    case "paths":
      return paths(world, request)
    case "people":
      return people(world, request)
    case "events":
      return events(world, request)
  }
}
