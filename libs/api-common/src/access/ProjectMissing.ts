import { HttpApiError } from "effect/http-api"

/** The keys of the installation are of no project. */
export class ProjectMissing extends HttpApiError.Problem<ProjectMissing>()(
  "ProjectMissing",
  {
    type: "urn:analytics:problem:project-missing",
    status: 422,
    title: "This is of a project: name it in `projectId`"
  }
) {}
