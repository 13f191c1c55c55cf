import { HttpApiError } from "effect/http-api"

/** No project has this id, or it is deleted. */
export class ProjectNotFound extends HttpApiError.Problem<ProjectNotFound>()(
  "ProjectNotFound",
  {
    type: "urn:analytics:problem:project-not-found",
    status: 404,
    title: "There is no such project"
  }
) {}
