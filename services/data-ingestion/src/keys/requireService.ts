import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { fromAuthorization, sameKey } from "@analytics/api-common/BearerKey"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, Option } from "effect"

/** Another service of this installation. */
export const requireService = Effect.fnUntraced(function* (
  authorization: string | undefined
) {
  const { serviceKey } = yield* AccessConfig
  const key = fromAuthorization(authorization)
  if (Option.isNone(key) || !sameKey(key.value, serviceKey))
    return yield* new Unauthorized({ detail: "Send SERVICE_KEY as a bearer key." })
})
