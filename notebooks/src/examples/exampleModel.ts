import { createHash } from "node:crypto"
import {
  messageIdPrefix,
  predictionTraits
} from "@analytics/ml-models/predictions/predictionTraits"
import { type Api, Refused, runJob, settled } from "./Api.ts"

const DAY = 86_400_000
const model = "orders-soon"
const target = { event: "Order Completed", days: 7 }

/** Days before the demo's end at which everybody was asked about. */
const moments = [29, 22, 15, 8]

/** The features, in the order of the model's input; `activity` computes the same. */
const features = [
  { kind: "count", event: "Product Viewed", days: 14, name: "views, 14 d" },
  { kind: "count", event: "Product Added", days: 14, name: "added, 14 d" },
  { kind: "count", event: "Order Completed", days: 60, name: "orders, 60 d" },
  { kind: "active_days", days: 14, name: "active days, 14 d" },
  { kind: "days_since_last", days: 14, name: "days since last" }
]

const activity = `
  SELECT person_id,
    argMaxIf(user_id, timestamp, user_id != '') AS user_id,
    argMaxIf(anonymous_id, timestamp, anonymous_id != '') AS anonymous_id,
    countIf(event = 'Product Viewed' AND timestamp >= {lately:DateTime64(3)}),
    countIf(event = 'Product Added' AND timestamp >= {lately:DateTime64(3)}),
    countIf(event = 'Order Completed'),
    uniqExactIf(
      intDiv({cut:Int64} - toUnixTimestamp64Milli(timestamp) - 1, 86400000),
      timestamp >= {lately:DateTime64(3)}),
    ({cut:Int64} - toUnixTimestamp64Milli(max(timestamp))) / 86400000
  FROM events
  WHERE timestamp >= {first:DateTime64(3)} AND timestamp < {until:DateTime64(3)}
    AND event NOT IN ('$identify', '$group', '$alias')
  GROUP BY person_id
  HAVING max(timestamp) >= {lately:DateTime64(3)}
  ORDER BY person_id`

/**
 * A model of the demo's shop and what it would have said on four days of the last month, so
 * that the outcomes are known by now. The predictions are told as the job `score` tells its
 * own, only with the time at which they would have been made: the features are of what came
 * before, and nothing of those days was learnt from.
 * @param api with the project's secret key
 * @param sender with its write key
 * @param end of the demo's events, in milliseconds since 1970.
 */
export const exampleModel = async (
  api: Api,
  sender: Api,
  end: number,
  say: (text: string) => void
): Promise<void> => {
  const version = (await newest(api)) ?? (await train(api, end, say))
  const [[told] = []] = await api.rows(
    "SELECT count() FROM events WHERE event = '$identify' AND startsWith(message_id, {prefix:String})",
    { prefix: messageIdPrefix.scored }
  )
  if (Number(told) > 0) return
  for (const days of moments) {
    const at = end - days * DAY
    say(`Asking it about everybody, as of ${new Date(at).toISOString().slice(0, 10)} …`)
    await tell(api, sender, version, at)
  }
  await settled(api)
  say("Comparing what it said with what came …")
  await runJob(api, "model-quality", { model, days: 60 })
}

/** undefined when there is no version, or no model. */
const newest = async (api: Api): Promise<number | undefined> => {
  const { models } = await api.get<{ models: ReadonlyArray<{ name: string }> }>(
    "ml-inference",
    "/v1/models"
  )
  if (!models.some(({ name }) => name === model)) return undefined
  const { versions } = await api.get<{
    versions: ReadonlyArray<{ version: number }>
  }>("ml-inference", `/v1/models/${model}/versions`)
  return versions[0]?.version
}

const train = async (
  api: Api,
  end: number,
  say: (text: string) => void
): Promise<number> => {
  say(`Training the model ${model} …`)
  await runJob(api, "train", {
    model,
    target,
    features,
    population: { did: { days: 14 } },
    cuts: { count: 5, until: new Date(end - 30 * DAY).toISOString() },
    promote: "never"
  })
  const version = await newest(api)
  if (version === undefined) throw new Refused("The training made no version.")
  // There is no champion that it would have to beat, and one that none names is not ready.
  await api.put("ml-inference", `/v1/models/${model}/aliases/champion`, { version })
  return version
}

const tell = async (
  api: Api,
  sender: Api,
  version: number,
  at: number
): Promise<void> => {
  const people = await api.rows(activity, {
    cut: at,
    until: instant(at),
    lately: instant(at - 14 * DAY),
    first: instant(at - 60 * DAY)
  })
  for (let from = 0; from < people.length; from += 250) {
    const some = people.slice(from, from + 250)
    const data = some.flatMap((row) => row.slice(3).map(Number))
    const { outputs } = await api.post<{
      outputs: ReadonlyArray<{ name: string; data: ReadonlyArray<number> }>
    }>("ml-inference", `/v2/models/${model}/versions/${version}/infer`, {
      inputs: [
        {
          name: "features",
          datatype: "FP32",
          shape: [some.length, features.length],
          data
        }
      ]
    })
    const said = outputs.find(({ name }) => name === "probability")?.data ?? []
    const batch = some.map(([person, userId, anonymousId], row) => ({
      type: "identify",
      messageId: `${messageIdPrefix.scored}${sha256([model, version, person, at])}`,
      ...(userId === "" ? { anonymousId } : { userId }),
      timestamp: new Date(at).toISOString(),
      traits: predictionTraits({ model, version, at, probability: said[row] ?? 0 })
    }))
    await sender.post("data-ingestion", "/v1/batch", { batch })
  }
}

/** As ClickHouse reads it. */
const instant = (ms: number): string =>
  new Date(ms).toISOString().replace("T", " ").slice(0, 23)

const sha256 = (parts: ReadonlyArray<unknown>): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40)
