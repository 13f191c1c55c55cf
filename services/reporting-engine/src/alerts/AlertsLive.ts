import { Layer } from "effect"
import { Outbox } from "../delivery/Outbox.ts"
import { DestinationRepo } from "../destinations/DestinationRepo.ts"
import * as AlertLoop from "./AlertLoop.ts"
import { AlertRepo } from "./AlertRepo.ts"
import { Alerts } from "./Alerts.ts"
import { AlertWork } from "./AlertWork.ts"
import { Evaluator } from "./Evaluator.ts"
import * as LiveEvidences from "./LiveEvidences.ts"
import { NoticeSender } from "./NoticeSender.ts"

/** Alerts, and the loop that evaluates and tells them. */
export const layer = AlertLoop.layer.pipe(
  Layer.provide(Layer.merge(Evaluator.layer, NoticeSender.layer)),
  Layer.merge(Alerts.layer),
  Layer.provide([
    AlertRepo.layer,
    AlertWork.layer,
    DestinationRepo.layer,
    LiveEvidences.layer,
    Outbox.layer
  ])
)
