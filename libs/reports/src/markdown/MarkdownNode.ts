/** What stands in a line of text. There is no HTML and no picture in it. */
export type Inline =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "code"; readonly text: string }
  /** `hard`: a new line is meant; else it is as good as a space. */
  | { readonly type: "break"; readonly hard: boolean }
  | {
      readonly type: "emphasis" | "strong" | "strike"
      readonly children: ReadonlyArray<Inline>
    }
  /** `href` is absolute: `http:`, `https:` or `mailto:`. */
  | {
      readonly type: "link"
      readonly href: string
      readonly children: ReadonlyArray<Inline>
    }

export type TableAlign = "left" | "center" | "right" | null

/** A block of CommonMark with tables, as `parseMarkdown` reads it. */
export type MarkdownNode =
  | {
      readonly type: "heading"
      /** 1 to 6. */
      readonly level: number
      readonly children: ReadonlyArray<Inline>
    }
  | { readonly type: "paragraph"; readonly children: ReadonlyArray<Inline> }
  | {
      readonly type: "list"
      /** The first number of an ordered list; null: bullets. */
      readonly start: number | null
      /** Without space between the items. */
      readonly tight: boolean
      readonly items: ReadonlyArray<ReadonlyArray<MarkdownNode>>
    }
  | { readonly type: "quote"; readonly children: ReadonlyArray<MarkdownNode> }
  | { readonly type: "code-block"; readonly text: string }
  | { readonly type: "rule" }
  | {
      readonly type: "table"
      /** One for each column. */
      readonly align: ReadonlyArray<TableAlign>
      readonly header: ReadonlyArray<ReadonlyArray<Inline>>
      readonly rows: ReadonlyArray<ReadonlyArray<ReadonlyArray<Inline>>>
    }
