import { afterAll, beforeAll, expect, it } from "bun:test"
import fc from "fast-check"
import { comparable, rounded } from "./comparable.ts"
import { dataSet } from "./generateData.ts"
import { type About, requestsAbout } from "./generateRequests.ts"
import type { SentEvent } from "./Model.ts"
import { type OracleStack, startOracleStack } from "./OracleStack.ts"
import { answered } from "./oracle.ts"
import { reduced } from "./reduce.ts"
import type { Request } from "./requests.ts"
import { worldOf } from "./world.ts"

const long = process.env["TEST_LONG"] === "1"
const runs = Number(process.env["ORACLE_RUNS"] ?? (long ? 200 : 15))
const only = process.env["ORACLE_ONLY"]?.split(",")
const abouts = (Object.keys(requestsAbout) as ReadonlyArray<About>).filter(
  (about) => only === undefined || only.includes(about)
)

/** Eight things to ask about are enough where many runs are made; the long test asks all. */
const asked = fc.shuffledSubarray([...abouts], {
  minLength: Math.min(long ? 99 : 8, abouts.length),
  maxLength: Math.min(long ? 99 : 8, abouts.length)
})

/** A data set, and requests about it. */
const question = fc.tuple(dataSet, asked).chain(([data, asked]) =>
  fc
    .tuple(
      ...asked.map((about) =>
        fc.array(requestsAbout[about](data), {
          minLength: 1,
          maxLength: long ? 3 : 1
        })
      )
    )
    .map((requests) => ({ data, requests: requests.flat() }))
)

let stack: OracleStack

beforeAll(async () => {
  stack = await startOracleStack()
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const difference = async (
  project: Awaited<ReturnType<OracleStack["projectWith"]>>,
  events: ReadonlyArray<SentEvent>,
  request: Request
): Promise<string | undefined> => {
  const { result } = await stack.ask(project, request)
  const got = rounded(comparable(request, result))
  const wanted = rounded(comparable(request, answered(worldOf(events), request)))
  return Bun.deepEquals(got, wanted)
    ? undefined
    : `got ${JSON.stringify(got)}\nwant ${JSON.stringify(wanted)}`
}

/** The fewest events with which a request is still answered differently. */
const explained = async (all: ReadonlyArray<SentEvent>, request: Request) => {
  const again = async (events: ReadonlyArray<SentEvent>) =>
    difference(await stack.projectWith(events), events, request)
  const fewest = await reduced(
    all,
    async (events) => (await again(events)) !== undefined
  )
  const lines = fewest.map((event) => JSON.stringify(event)).join("\n")
  return new Error(`${lines}\n${JSON.stringify(request)}\n${await again(fewest)}`)
}

it(`answers as counted one by one, on ${runs} data sets`, async () => {
  await fc.assert(
    fc.asyncProperty(question, async ({ data, requests }) => {
      const project = await stack.projectWith(data.events)
      const check = async (request: Request) =>
        (await difference(project, data.events, request)) === undefined ? [] : [request]
      for (let index = 0; index < requests.length; index += 3) {
        const three = requests.slice(index, index + 3)
        const [wrong] = (await Promise.all(three.map(check))).flat()
        if (wrong !== undefined) throw await explained(data.events, wrong)
      }
    }),
    // Shrinking would ask everything again; `explained` leaves out events instead.
    { numRuns: runs, endOnFailure: true }
  )
  expect(runs).toBeGreaterThan(0)
}, 2_400_000)
