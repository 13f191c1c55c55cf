import {
  AnomaliesAnswer,
  type AnomaliesBody,
  ForecastAnswer,
  type ForecastBody
} from "@analytics/ml-models/forecast/ForecastWire"
import { Context, Effect, Layer, Schema, Semaphore } from "effect"
import { ForecastFailed, ForecastsBusy, SeriesInvalid } from "./ForecastProblems.ts"
import { ForecastProcess } from "./ForecastProcess.ts"
import type { ForecastTask } from "./ForecastTask.ts"

export interface ForecasterLimits {
  /** Milliseconds one task may take; then its process is killed. */
  readonly deadline: number
  /** Tasks at once and waiting; more are refused. */
  readonly most: number
  /** Milliseconds one task may wait for its turn; then it is refused. */
  readonly patience: number
}

const usual: ForecasterLimits = { deadline: 15_000, most: 32, patience: 15_000 }

const Fault = Schema.Struct({ pointer: Schema.String, fault: Schema.String })

const answerSchemas = {
  forecast: Schema.decodeEffect(
    Schema.fromJsonString(Schema.Union([Fault, ForecastAnswer]))
  ),
  anomalies: Schema.decodeEffect(
    Schema.fromJsonString(Schema.Union([Fault, AnomaliesAnswer]))
  )
}

export type ForecasterProblem = SeriesInvalid | ForecastsBusy | ForecastFailed

/** Forecasts in a process of its own, so that nothing else waits for the arithmetic. */
export class Forecaster extends Context.Service<
  Forecaster,
  {
    forecast(body: ForecastBody): Effect.Effect<ForecastAnswer, ForecasterProblem>
    anomalies(body: AnomaliesBody): Effect.Effect<AnomaliesAnswer, ForecasterProblem>
    /** Of the process, once there was something to do. */
    readonly pid: Effect.Effect<number | undefined>
  }
>()("@analytics/ml-inference/forecast/Forecaster") {
  static readonly layerOf = (limits: ForecasterLimits) =>
    Layer.effect(
      Forecaster,
      Effect.gen(function* () {
        const turn = yield* Semaphore.make(1)
        let running: ForecastProcess | undefined
        let tasks = 0
        const end = Effect.suspend(() => {
          const ending = running
          running = undefined
          return ending ? Effect.promise(() => ending.end()) : Effect.void
        })
        yield* Effect.addFinalizer(() => end)

        const submitted = (task: ForecastTask) =>
          Effect.callback<string, ForecastFailed>((resume) => {
            if (running === undefined || running.isGone) running = new ForecastProcess()
            running.submit(task, (line) =>
              resume(
                line === undefined
                  ? Effect.fail(new ForecastFailed({ detail: "Its process ended." }))
                  : Effect.succeed(line)
              )
            )
            // Nobody waits any more, and the next task must not get this one's answer.
            return end
          }).pipe(
            Effect.timeoutOrElse({
              duration: limits.deadline,
              orElse: () =>
                Effect.fail(
                  new ForecastFailed({
                    detail: `It took longer than ${limits.deadline} ms. Send fewer values, or name shorter seasons.`
                  })
                )
            }),
            Effect.tapError((error) =>
              Effect.logWarning("a forecast failed", error).pipe(Effect.andThen(end))
            )
          )

        const asked = Effect.fn("Forecaster.ask")(function* (task: ForecastTask) {
          if (tasks >= limits.most)
            return yield* new ForecastsBusy({
              detail: `At most ${limits.most} forecasts run and wait.`,
              retryAfter: 1
            })
          tasks++
          let hasTurn = false
          const tired = Effect.sleep(limits.patience).pipe(
            Effect.andThen(
              Effect.suspend(() =>
                hasTurn
                  ? Effect.never
                  : Effect.fail(
                      new ForecastsBusy({
                        detail: `Its turn did not come within ${limits.patience} ms.`,
                        retryAfter: 5
                      })
                    )
              )
            )
          )
          return yield* turn
            .withPermits(1)(
              Effect.suspend(() => {
                hasTurn = true
                return submitted(task)
              })
            )
            .pipe(
              Effect.raceFirst(tired),
              Effect.ensuring(
                Effect.sync(() => {
                  tasks--
                })
              )
            )
        })

        const orInvalid = <A extends object>(answer: A | typeof Fault.Type) =>
          "fault" in answer
            ? Effect.fail(
                new SeriesInvalid({
                  detail: answer.fault,
                  errors: [{ pointer: answer.pointer, detail: answer.fault }]
                })
              )
            : Effect.succeed(answer)

        return Forecaster.of({
          forecast: (body) =>
            asked({ kind: "forecast", body }).pipe(
              Effect.flatMap((line) => Effect.orDie(answerSchemas.forecast(line))),
              Effect.flatMap(orInvalid)
            ),
          anomalies: (body) =>
            asked({ kind: "anomalies", body }).pipe(
              Effect.flatMap((line) => Effect.orDie(answerSchemas.anomalies(line))),
              Effect.flatMap(orInvalid)
            ),
          pid: Effect.sync(() => running?.pid)
        })
      })
    )

  static readonly layer = Forecaster.layerOf(usual)
}
