import { relative } from "node:path"
import { stackFilePath } from "./RunRecord.ts"
import type { StackFile } from "./StackFile.ts"

/** Where everything is, and the next thing to try. */
export const summary = (stack: StackFile, data: string, ending: string): string => {
  const rows = Object.entries(stack.services).map(
    ([name, url]) => `  ${name.padEnd(18)} ${url}   ${url}/docs`
  )
  const file = relative(process.cwd(), stackFilePath(data))
  const pages = stack.services["reporting-engine"]
  return [
    "",
    "The stack is ready.",
    ...rows,
    ...(pages === undefined
      ? []
      : [
          `  ${"pages".padEnd(18)} ${pages}   sign in with a secret key, such as demo.secretKey`
        ]),
    `  ${"keys and stores".padEnd(18)} ${file} (adminKey, demo.writeKey, demo.secretKey)`,
    ...(stack.demo === undefined
      ? []
      : [`  ${"demo's write key".padEnd(18)} ${stack.demo.writeKey}`]),
    `  ${"log".padEnd(18)} ${relative(process.cwd(), data)}/stack.log`,
    ...nextSteps(stack, file),
    "",
    ending
  ].join("\n")
}

const nextSteps = (stack: StackFile, file: string): ReadonlyArray<string> => {
  const api = stack.services["analytics-api"]
  if (api === undefined || stack.demo === undefined) return []
  const day = (daysAgo: number) =>
    new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10)
  const question = JSON.stringify({
    kind: "trends",
    from: `${day(7)}T00:00:00Z`,
    to: `${day(0)}T00:00:00Z`,
    interval: "day",
    series: [{ measure: "total" }]
  })
  return [
    "",
    "Ask it how many events the last seven days had:",
    `  curl -s ${api}/v1/query -H "Authorization: Bearer $(node -p "require('./${file}').demo.secretKey")" \\`,
    `    -H 'Content-Type: application/json' -d '${question}'`
  ]
}
