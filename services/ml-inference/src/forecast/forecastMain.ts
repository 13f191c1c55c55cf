import { dieWithParent } from "@analytics/api-common/dieWithParent"
import { answerAnomalies, answerForecast } from "@analytics/ml-models/forecast/answers"
import type { ForecastTask, ForecastTaskAnswer } from "./ForecastTask.ts"

/**
 * Forecasts in a process of its own: a task a line on stdin, its answer a line on stdout.
 * It ends when stdin does, and on Linux with the service, also in the middle of a task.
 */
const answerOf = (task: ForecastTask): ForecastTaskAnswer =>
  task.kind === "forecast" ? answerForecast(task.body) : answerAnomalies(task.body)

if (import.meta.main) {
  dieWithParent()
  for await (const line of console) {
    const answer = answerOf(JSON.parse(line) as ForecastTask)
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}
