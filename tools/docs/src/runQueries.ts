import type { Fault } from "./Fault.ts"
import { answerDifference } from "./matchOutput.ts"
import type { Page } from "./Page.ts"
import type { Stack } from "./Stack.ts"
import { type QueryStep, querySteps } from "./steps.ts"

const ask = async (stack: Stack, body: string) => {
  const response = await fetch(`${stack.api}/v1/query`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${stack.secretKey}`,
      "content-type": "application/json"
    },
    body,
    signal: AbortSignal.timeout(30_000)
  })
  return { status: response.status, text: await response.text() }
}

const judge = async (step: QueryStep, stack: Stack): Promise<string | undefined> => {
  const { status, text } = await ask(stack, step.body)
  if (status !== 200) return `${status} ${text}`
  if (step.shown === undefined) return undefined
  const difference = answerDifference(JSON.parse(step.shown), JSON.parse(text))
  return difference === undefined
    ? undefined
    : `the answer differs at ${difference}\n${text.slice(0, 4000)}`
}

/** Asks what a page asks of the demo project. */
export const runQueries = async (
  page: Page,
  stack: Stack
): Promise<ReadonlyArray<Fault>> => {
  const faults: Array<Fault> = []
  for (const step of querySteps(page)) {
    const reason = await judge(step, stack)
    if (reason !== undefined) faults.push({ path: page.path, line: step.line, reason })
  }
  return faults
}
