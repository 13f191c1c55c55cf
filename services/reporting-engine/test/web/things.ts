import type { ReportDocument } from "@analytics/reports/ReportDocument"
import type {
  AlertAnswer,
  EvaluationList,
  NoticeList
} from "../../src/alerts/AlertAnswers.ts"
import type { Shared } from "../../src/analytics/SharedLinks.ts"
import type { Report } from "../../src/definitions/Report.ts"
import type { Run } from "../../src/runs/Run.ts"

const at = new Date("2026-11-23T10:00:00Z")

export const dashboardOf = (id: string, text: string) => ({
  id,
  name: text,
  description: text,
  updatedAt: at.toISOString()
})

export const reportOf = (id: string, text: string): Report => ({
  id,
  name: text,
  version: 3,
  template: null,
  createdBy: "7",
  createdAt: at,
  updatedBy: "7",
  updatedAt: at,
  definition: {
    title: text,
    description: text,
    sections: [{ type: "markdown", text }]
  }
})

export const runOf = (
  id: string,
  projectId: number,
  text: string,
  isRunning: boolean
): Run => ({
  id,
  projectId,
  reportId: id,
  reportVersion: 1,
  name: text,
  parameters: {},
  formats: ["html"],
  reason: "manual",
  state: isRunning ? "running" : "succeeded",
  error: text,
  asOf: at,
  from: null,
  to: null,
  documentSha256: null,
  failedSections: 1,
  files: [],
  createdBy: "7",
  createdAt: at,
  finishedAt: null
})

export const documentOf = (text: string): ReportDocument => ({
  title: text,
  subtitle: text,
  project: text,
  timezone: "Europe/Berlin",
  locale: "en",
  asOf: at.toISOString(),
  notices: [{ kind: "warning", text }],
  blocks: [
    { type: "markdown", text: `# ${text}\n\n|${text}|b|\n|:-:|--:|\n|1|${text}|` },
    {
      type: "table",
      title: text,
      description: text,
      table: {
        columns: [{ name: text, kind: "text" }],
        rows: [[text]]
      }
    },
    { type: "failed", title: text, detail: text }
  ]
})

export const alertOf = (
  id: string,
  projectId: number,
  text: string,
  hasProblem = true
): AlertAnswer => ({
  id,
  projectId,
  name: text,
  description: text,
  insightId: null,
  query: { kind: "trends" },
  series: null,
  interval: "day",
  timezone: "Europe/Berlin",
  weekStart: "monday",
  graceSeconds: 0,
  reviseSeconds: 0,
  failAfterSeconds: 3600,
  condition: { kind: "threshold", direction: "above", value: 10 },
  destinations: [],
  tellResolved: true,
  cooldownSeconds: 0,
  quietHours: null,
  days: null,
  version: 1,
  state: "acknowledged",
  firingSince: at,
  acknowledgedAt: at,
  acknowledgedBy: "7",
  mutedUntil: at,
  pausedAt: null,
  nextBucket: at,
  problem: hasProblem ? { since: at, detail: text } : null,
  createdBy: "7",
  createdAt: at,
  updatedAt: at
})

export const evaluationOf = (text: string): EvaluationList["evaluations"][number] => ({
  bucket: at,
  bucketEnd: at,
  label: text,
  value: 12,
  expected: null,
  verdict: "breach",
  reason: text,
  phase: "firing",
  asOf: at,
  evaluatedAt: at,
  revised: true,
  revisions: []
})

export const noticeOf = (id: string, text: string): NoticeList["notices"][number] => ({
  id,
  kind: "fired",
  at,
  content: { label: text, value: 12, expected: null, reason: text },
  state: "waiting",
  dueAt: at,
  heldBy: null,
  sentAt: null,
  message: null,
  failure: text
})

export const sharedOf = (text: string): Shared => ({
  name: text,
  description: text,
  floor: 10,
  asOf: at.toISOString(),
  expiresAt: "2026-12-23T00:00:00.000Z",
  tiles: [
    { type: "markdown", markdown: text },
    { type: "problem", name: text, detail: text },
    {
      type: "answer",
      name: text,
      description: text,
      chart: { form: "table" },
      kind: "funnel",
      timezone: "Europe/Berlin",
      asked: {},
      result: {
        groups: [
          {
            breakdown: [text],
            other: false,
            steps: [
              {
                event: text,
                count: 20,
                rateFromPrevious: 1,
                rateFromFirst: 1,
                meanSeconds: null,
                medianSeconds: null
              },
              // Fewer people than the floor.
              {
                event: text,
                count: null,
                rateFromPrevious: null,
                rateFromFirst: null,
                meanSeconds: null,
                medianSeconds: null
              }
            ]
          }
        ]
      }
    }
  ]
})
