import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { Effect, Layer } from "effect"
import { Auth } from "../src/access/Auth.ts"

const unused = () => Effect.die("not asked here")

/** `Bearer 7` is a key of project 7 that may ask questions, in Tokyo. */
export const AuthStub = Layer.succeed(Auth, {
  admin: unused,
  service: unused,
  adminOrProject: unused,
  project: (header, scope) => {
    const projectId = Number(/^Bearer (\d+)$/u.exec(header ?? "")?.[1])
    return projectId > 0 && scope === "query"
      ? Effect.succeed({
          _tag: "Project",
          keyId: "k",
          projectId,
          scopes: ["query"],
          expiresAt: null,
          timezone: "Asia/Tokyo"
        })
      : Effect.fail(new Unauthorized({}))
  }
})
