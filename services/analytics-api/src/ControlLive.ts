import { AuditConfig } from "@analytics/config/AuditConfig"
import { Layer } from "effect"
import { Auth } from "./access/Auth.ts"
import { Audit } from "./audit/Audit.ts"
import { AuditRepo } from "./audit/AuditRepo.ts"
import { Idempotency } from "./idempotency/Idempotency.ts"
import { IdempotencyRepo } from "./idempotency/IdempotencyRepo.ts"
import { KeyFeedRepo } from "./keys/KeyFeedRepo.ts"
import { KeyRepo } from "./keys/KeyRepo.ts"
import { Keys } from "./keys/Keys.ts"
import { ProjectRepo } from "./projects/ProjectRepo.ts"
import { Projects } from "./projects/Projects.ts"
import { Settings } from "./settings/Settings.ts"
import { SettingsRepo } from "./settings/SettingsRepo.ts"

/** Projects, keys and who may use them, on Postgres and the installation's own keys. */
export const ControlLive = Layer.mergeAll(
  Projects.layer.pipe(Layer.provide(ProjectRepo.layer)),
  Settings.layer.pipe(Layer.provide(SettingsRepo.layer)),
  Keys.layer.pipe(Layer.provide(KeyRepo.layer)),
  Idempotency.layer.pipe(Layer.provide(IdempotencyRepo.layer)),
  Audit.layer.pipe(Layer.provide([AuditRepo.layer, AuditConfig.layer])),
  Auth.layer.pipe(Layer.provideMerge(KeyFeedRepo.layer))
)
