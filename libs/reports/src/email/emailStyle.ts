import type { MarkdownStyles } from "../markdown/markdownHtml.ts"

const font =
  "font-family:Inter,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

/** Inline styles: many mail programs take a style sheet out. */
export const style = {
  body: "margin:0;padding:0;background:#f6f7f9",
  outer: "background:#f6f7f9",
  inner: `max-width:640px;${font};color:#1a2230;font-size:16px;line-height:1.5;overflow-wrap:anywhere;word-break:break-word`,
  project: "margin:0 0 4px;color:#1f5fa8;font-weight:600;font-size:14px",
  title: "margin:0;font-size:26px;line-height:1.25;color:#1a2230",
  soft: "margin:6px 0 0;color:#566173;font-size:14px",
  notice:
    "background:#fff5dc;color:#5a4100;padding:10px 14px;border-left:4px solid #c98a06;font-size:15px",
  card: "background:#ffffff;border:1px solid #dce1e8;padding:16px 18px",
  heading: "margin:0;font-size:18px;line-height:1.3;color:#1a2230",
  image: "display:block;width:100%;max-width:600px;height:auto;border:0",
  value: "margin:2px 0 0;font-size:24px;line-height:1.25;font-weight:600",
  th: "padding:6px 8px;border-bottom:2px solid #dce1e8;color:#566173;font-size:13px;vertical-align:bottom",
  td: "padding:6px 8px;border-bottom:1px solid #dce1e8;font-size:14px;vertical-align:top",
  table: "border-collapse:collapse;width:100%;margin-top:10px",
  link: "color:#1f5fa8",
  good: "color:#0b6b4f",
  bad: "color:#a8341a"
} as const

export const markdownStyle: MarkdownStyles = {
  a: style.link,
  blockquote:
    "margin:0 0 12px;padding-left:12px;border-left:3px solid #dce1e8;color:#566173",
  code: "font-family:Menlo,Consolas,monospace;font-size:14px;background:#f1f3f6",
  heading: "margin:18px 0 8px;font-size:18px;line-height:1.3;color:#1a2230",
  p: "margin:0 0 12px",
  pre: "overflow:auto;background:#f1f3f6;padding:10px;font-size:14px",
  table: style.table,
  cell: "padding:6px 8px;border-bottom:1px solid #dce1e8;font-size:14px"
}
