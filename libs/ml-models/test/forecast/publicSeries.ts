import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { SeriesInterval } from "../../src/forecast/Series.ts"

/** A series of known origin, and how far ahead it is forecast. */
export interface PublicSeries {
  readonly name: string
  readonly interval: SeriesInterval
  readonly horizon: number
  readonly values: ReadonlyArray<number>
  readonly seasonLengths?: ReadonlyArray<number>
}

const folder = fileURLToPath(new URL("../data/", import.meta.resolve("vega-datasets")))
const textOf = (name: string) => readFileSync(`${folder}${name}`, "utf8")

const rowsOf = (name: string): ReadonlyArray<Readonly<Record<string, string>>> => {
  const [head = "", ...lines] = textOf(name).trim().split(/\r?\n/u)
  const columns = head.split(",")
  return lines.map((line) =>
    Object.fromEntries(
      line.split(",").map((value, index) => [columns[index] ?? "", value])
    )
  )
}
const column = (name: string, field: string) =>
  rowsOf(name).map((row) => Number(row[field]))

const grouped = (
  rows: ReadonlyArray<readonly [string, number]>
): ReadonlyArray<readonly [string, ReadonlyArray<number>]> =>
  [...Map.groupBy(rows, ([key]) => key)].map(([key, members]) => [
    key,
    members.map(([, value]) => value)
  ])

/** Box & Jenkins: monthly airline passengers, 1949 to 1960, in thousands. */
const airPassengers = [
  112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125,
  149, 170, 170, 158, 133, 114, 140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162,
  146, 166, 171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194, 196, 196, 236,
  235, 229, 243, 264, 272, 237, 211, 180, 201, 204, 188, 235, 227, 234, 264, 302, 293,
  259, 229, 203, 229, 242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278, 284,
  277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306, 315, 301, 356, 348, 355, 422,
  465, 467, 404, 347, 305, 336, 340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310,
  337, 360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405, 417, 391, 419, 461,
  472, 535, 622, 606, 508, 461, 390, 432
]

const monthly = (name: string, values: ReadonlyArray<number>): PublicSeries => ({
  name,
  interval: "month",
  horizon: 12,
  values
})

const hoursOf = (
  rows: ReadonlyArray<readonly [string, number]>,
  from: string,
  count: number
): ReadonlyArray<number> => {
  const hours = new Array<number>(count).fill(0)
  for (const [text, value] of rows) {
    const [date = "", time = ""] = text.replaceAll("/", "-").split(" ")
    const instant = Date.parse(`${date}T${time.slice(0, 2)}:00:00Z`)
    const at = Math.round((instant - Date.parse(from)) / 3_600_000)
    if (at < count) hours[at] = (hours[at] ?? 0) + value
  }
  return hours
}

const daysOf = (hours: ReadonlyArray<number>): ReadonlyArray<number> =>
  Array.from({ length: Math.floor(hours.length / 24) }, (_, day) =>
    hours.slice(24 * day, 24 * day + 24).reduce((sum, value) => sum + value, 0)
  )

const employment = (): ReadonlyArray<PublicSeries> => {
  const rows = rowsOf("us-employment.csv")
  return Object.keys(rows[0] ?? {})
    .slice(1)
    .map((field) =>
      monthly(
        `employment: ${field}`,
        rows.map((row) => Number(row[field]))
      )
    )
}

const unemployment = (): ReadonlyArray<PublicSeries> => {
  const rows: ReadonlyArray<{ readonly series: string; readonly count: number }> =
    JSON.parse(textOf("unemployment-across-industries.json"))
  return grouped(rows.map(({ count, series }) => [series, count])).map(
    ([key, values]) => monthly(`unemployment: ${key}`, values)
  )
}

const weather = (): ReadonlyArray<PublicSeries> =>
  ["Seattle", "New York"].flatMap((location) => {
    const rows = rowsOf("weather.csv").filter((row) => row["location"] === location)
    return ["temp_max", "temp_min", "wind", "precipitation"].map((field) => ({
      name: `${location}: ${field}`,
      interval: "day" as const,
      horizon: 14,
      values: rows.map((row) => Number(row[field]))
    }))
  })

const markets = (): ReadonlyArray<PublicSeries> => [
  monthly("S&P 500", column("sp500.csv", "price")),
  ...grouped(
    rowsOf("stocks.csv").map((row) => [row["symbol"] ?? "", Number(row["price"])])
  ).map(([name, values]) => ({ ...monthly(`stock: ${name}`, values), horizon: 6 })),
  ...["close", "volume"].map((field) => ({
    name: `S&P 500: ${field}`,
    interval: "custom" as const,
    seasonLengths: [5],
    horizon: 10,
    values: column("sp500-2000.csv", field).slice(-800)
  }))
]

const events = (): ReadonlyArray<PublicSeries> => {
  const pushes = hoursOf(
    rowsOf("github.csv").map((row) => [row["time"] ?? "", Number(row["count"])]),
    "2015-01-01T00:00:00Z",
    3600
  )
  const flights: ReadonlyArray<{ readonly date: string }> = JSON.parse(
    textOf("flights-20k.json")
  )
  const departures = hoursOf(
    flights.map(({ date }) => [date, 1]),
    "2001-01-01T00:00:00Z",
    24 * 80
  )
  return [
    { name: "pushes", interval: "hour", horizon: 24, values: pushes.slice(0, 1500) },
    { name: "pushes", interval: "day", horizon: 14, values: daysOf(pushes) },
    { name: "departures", interval: "hour", horizon: 24, values: departures },
    { name: "departures", interval: "day", horizon: 7, values: daysOf(departures) }
  ]
}

/** Light enough for every run: with a season, a trend, neither. */
export const fewSeries = (): ReadonlyArray<PublicSeries> => [
  monthly("air passengers", airPassengers),
  monthly("CO2", column("co2-concentration.csv", "CO2").slice(-240)),
  monthly("S&P 500", column("sp500.csv", "price"))
]

export const allSeries = (): ReadonlyArray<PublicSeries> => [
  monthly("air passengers", airPassengers),
  monthly("CO2", column("co2-concentration.csv", "CO2").slice(-360)),
  ...markets(),
  ...unemployment(),
  ...employment(),
  ...weather(),
  ...["temperature", "wind", "pressure"].map((field) => ({
    name: `Seattle by hour: ${field}`,
    interval: "hour" as const,
    horizon: 24,
    values: column("seattle-weather-hourly-normals.csv", field).slice(3000, 4500)
  })),
  ...events(),
  {
    name: "global temperature",
    interval: "year",
    horizon: 5,
    values: column("global-temp.csv", "temp")
  }
]
