/** A metric as Prometheus reads it. */
export interface Family {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  /** By labels, in one order of names. */
  readonly samples: ReadonlyMap<string, number>
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/u
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/uy
const TYPES = ["counter", "gauge", "histogram"] as const

/**
 * Reads Prometheus' text format 0.0.4 as strictly as `promtool check metrics` does: every
 * metric (of ours, not of the framework) has help and type, comes in one piece, and no series comes twice; counters end in
 * `_total`; buckets grow to `+Inf`, which is the count. Throws with the line.
 */
export const readPrometheus = (text: string): ReadonlyMap<string, Family> => {
  if (!text.endsWith("\n")) throw new Error("the last line does not end")
  const families = new Map<string, Family & { samples: Map<string, number> }>()
  let help: string | undefined
  let current: string | undefined
  for (const line of text.slice(0, -1).split("\n")) {
    const wrong = (why: string) => new Error(`${why}: ${line}`)
    const helped = /^# HELP (\S+) .+$/u.exec(line)
    if (helped) {
      help = helped[1]
      continue
    }
    const typed = /^# TYPE (\S+) (\S+)$/u.exec(line)
    if (typed) {
      const [, name = "", given] = typed
      const type = TYPES.find((it) => it === given)
      if (type === undefined || !NAME.test(name)) throw wrong("no such type or name")
      if (families.has(name)) throw wrong("told twice")
      if (help !== name && !name.startsWith("effect_")) throw wrong("without help")
      if ((type === "counter") !== name.endsWith("_total"))
        throw wrong("only counters end in _total, and all of them do")
      families.set(name, { name, type, samples: new Map() })
      current = name
      continue
    }
    const sample = SAMPLE.exec(line)
    if (sample === null) throw wrong("not a sample")
    const [, name = "", labels = "", value = ""] = sample
    const family = families.get(current ?? "")
    const suffix = name.slice(current?.length)
    const fits =
      family?.type === "histogram"
        ? ["_bucket", "_sum", "_count"].includes(suffix)
        : suffix === ""
    if (family === undefined || !name.startsWith(family.name) || !fits)
      throw wrong("not of the metric above it")
    const key = `${suffix}{${sorted(labels, wrong)}}`
    if (family.samples.has(key)) throw wrong("twice")
    const number = value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value)
    if (value === "" || Number.isNaN(number)) throw wrong("not a number")
    if (family.type === "counter" && number < 0) throw wrong("negative")
    family.samples.set(key, number)
  }
  for (const family of families.values())
    if (family.type === "histogram") checkHistogram(family)
  return families
}

const sorted = (labels: string, wrong: (why: string) => Error): string => {
  const found: Array<string> = []
  const names = new Set<string>()
  let at = 0
  while (at < labels.length) {
    LABEL.lastIndex = at
    const label = LABEL.exec(labels)
    if (label === null) throw wrong(`not a label at ${at}`)
    const [all, name = ""] = label
    if (names.has(name)) throw wrong(`label ${name} twice`)
    names.add(name)
    found.push(all.replace(/,$/u, ""))
    at = LABEL.lastIndex
  }
  return found.sort().join(",")
}

const checkHistogram = ({ name, samples }: Family): void => {
  const series = new Map<string, Array<readonly [number, number]>>()
  for (const [key, value] of samples) {
    const bucket = /^_bucket\{(.*)\}$/u.exec(key)
    if (bucket === null) continue
    const labels = (bucket[1] ?? "").split(/,(?=[a-zA-Z_]\w*=")/u)
    const le = labels.find((label) => label.startsWith("le="))?.slice(4, -1)
    if (le === undefined) throw new Error(`${name}: a bucket without le`)
    const rest = labels.filter((label) => !label.startsWith("le=")).join(",")
    const bound = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le)
    series.set(rest, [...(series.get(rest) ?? []), [bound, value]])
  }
  for (const [labels, buckets] of series) {
    buckets.sort(([a], [b]) => a - b)
    if (buckets.some(([, count], at) => count < (buckets[at - 1]?.[1] ?? 0)))
      throw new Error(`${name}{${labels}}: buckets do not grow`)
    const last = buckets.at(-1)
    if (last?.[0] !== Number.POSITIVE_INFINITY)
      throw new Error(`${name}{${labels}}: no +Inf`)
    if (samples.get(`_count{${labels}}`) !== last[1])
      throw new Error(`${name}{${labels}}: the count is not that of +Inf`)
    if (!samples.has(`_sum{${labels}}`)) throw new Error(`${name}{${labels}}: no sum`)
  }
}
