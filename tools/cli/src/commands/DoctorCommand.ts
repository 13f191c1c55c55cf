import { Console, Effect, Option, Schema } from "effect"
import { Command } from "effect/cli"
import { drawFinding } from "../doctor/Finding.ts"
import { checkJobs, checkSchedules } from "../doctor/jobChecks.ts"
import { checkDisk, checkSecrecy } from "../doctor/machineChecks.ts"
import { checkAlerts, checkDeliveries } from "../doctor/reportChecks.ts"
import {
  checkAccounting,
  checkClock,
  checkLoading,
  checkModels,
  checkQueries,
  checkService
} from "../doctor/serviceChecks.ts"
import { keyFlag, readTarget, secretKeyOf, stackFlag } from "../Target.ts"

/** Something is wrong that keeps the installation from working. */
class Unwell extends Schema.TaggedError<Unwell>()("Unwell", {
  message: Schema.String
}) {}

export const doctorCommand = Command.make(
  "doctor",
  { key: keyFlag, stack: stackFlag },
  Effect.fn(function* ({ key, stack }) {
    const target = yield* readTarget(stack)
    const secret = Option.getOrUndefined(yield* Effect.option(secretKeyOf(target, key)))
    const batch = target.services["batch-processor"]
    const models = target.services["ml-inference"]
    const reports = target.services["reporting-engine"]
    const findings = yield* Effect.all(
      [
        checkSecrecy(stack),
        checkDisk(target.data),
        ...Object.entries(target.services).map(([name, url]) =>
          checkService(name, url)
        ),
        checkClock("analytics-api", target.api),
        checkLoading(target),
        ...(batch === undefined
          ? []
          : [
              checkJobs(batch, target.adminKey),
              checkSchedules(batch, target.adminKey)
            ]),
        ...(secret === undefined
          ? []
          : [checkAccounting(target, secret), checkQueries(target, secret)]),
        ...(secret === undefined || models === undefined
          ? []
          : [checkModels(models, secret)]),
        ...(secret === undefined || reports === undefined
          ? []
          : [checkAlerts(reports, secret), checkDeliveries(reports, secret)])
      ],
      { concurrency: 4 }
    )
    for (const finding of findings) yield* Console.log(drawFinding(finding))
    const failures = findings.filter(({ state }) => state === "failure").length
    if (failures > 0)
      return yield* new Unwell({ message: `${failures} of these must be mended` })
  })
).pipe(Command.withDescription("Check the whole installation, and say what to do"))
