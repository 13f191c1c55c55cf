import type { Space } from "./tableParts.ts"

/** Where Letter is the paper of offices (CLDR's territories of `US-Letter`). */
const letter = new Set("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split(" "))

export interface Paper {
  readonly name: "a4" | "us-letter"
  readonly space: Space
  /** Points between the margins from top to bottom of an upright page. */
  readonly height: number
}

const point = 72 / 25.4
const margins = { across: 36 * point, down: 40 * point }

const a4: Paper = {
  name: "a4",
  space: {
    portrait: 210 * point - margins.across,
    landscape: 297 * point - margins.across
  },
  height: 297 * point - margins.down
}

const usLetter: Paper = {
  name: "us-letter",
  space: { portrait: 612 - margins.across, landscape: 792 - margins.across },
  height: 792 - margins.down
}

/** What language and paper a locale has; a locale nobody knows is English on A4. */
export const localeLayout = (
  locale: string
): { lang: string; region: string | null; rtl: boolean; paper: Paper } => {
  let known: Intl.Locale
  try {
    known = new Intl.Locale(locale)
  } catch {
    known = new Intl.Locale("en")
  }
  const region = known.region ?? null
  const lang = /^[a-z]{2,3}$/u.test(known.language) ? known.language : "en"
  return {
    lang,
    region: region !== null && /^[A-Z]{2}$/u.test(region) ? region : null,
    rtl: ["ar", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"].includes(lang),
    paper: region !== null && letter.has(region) ? usLetter : a4
  }
}
