import type { Diagram } from "./Diagram.ts"

const parts: Diagram = {
  name: "parts",
  title: "The parts and what moves between them",
  description:
    "Client libraries send to data-ingestion, which keeps events in Postgres; the loader moves them into ClickHouse; analytics-api answers questions over it. reporting-engine, ml-inference and batch-processor ask analytics-api, data-ingestion and each other.",
  height: 470,
  boxes: [
    {
      id: "suite",
      x: 160,
      y: 24,
      w: 640,
      h: 422,
      title: "an installation",
      kind: "area"
    },
    {
      id: "sdk",
      x: 20,
      y: 60,
      w: 110,
      h: 64,
      title: "SDKs",
      lines: ["web, apps,", "servers"],
      kind: "outside"
    },
    {
      id: "ingest",
      x: 190,
      y: 60,
      w: 150,
      h: 64,
      title: "data-ingestion",
      lines: ["receives, 4001"],
      kind: "service"
    },
    {
      id: "postgres",
      x: 190,
      y: 190,
      w: 150,
      h: 76,
      title: "Postgres",
      lines: ["inbox, control,", "jobs, reports"],
      kind: "store"
    },
    {
      id: "loader",
      x: 405,
      y: 190,
      w: 150,
      h: 76,
      title: "loader",
      lines: ["once, in order,", "who is who"],
      kind: "service"
    },
    {
      id: "clickhouse",
      x: 620,
      y: 190,
      w: 150,
      h: 76,
      title: "ClickHouse",
      lines: ["events,", "person links"],
      kind: "store"
    },
    {
      id: "api",
      x: 620,
      y: 60,
      w: 150,
      h: 64,
      title: "analytics-api",
      lines: ["answers, 4000"],
      kind: "service"
    },
    {
      id: "asker",
      x: 830,
      y: 60,
      w: 110,
      h: 64,
      title: "you",
      lines: ["HTTP, CLI,", "notebooks"],
      kind: "outside"
    },
    {
      id: "batch",
      x: 190,
      y: 350,
      w: 150,
      h: 70,
      title: "batch-processor",
      lines: ["jobs, schedules,", "4004"],
      kind: "service"
    },
    {
      id: "ml",
      x: 405,
      y: 350,
      w: 150,
      h: 70,
      title: "ml-inference",
      lines: ["models, forecasts,", "4002"],
      kind: "service"
    },
    {
      id: "reports",
      x: 620,
      y: 350,
      w: 150,
      h: 70,
      title: "reporting-engine",
      lines: ["reports, alerts,", "pages, 4003"],
      kind: "service"
    },
    {
      id: "files",
      x: 20,
      y: 353,
      w: 110,
      h: 64,
      title: "files",
      lines: ["imports,", "exports"],
      kind: "outside"
    },
    {
      id: "readers",
      x: 830,
      y: 353,
      w: 110,
      h: 64,
      title: "readers",
      lines: ["mail, Slack,", "webhooks, PDF"],
      kind: "outside"
    }
  ],
  arrows: [
    { from: { box: "sdk", side: "right" }, to: { box: "ingest", side: "left" } },
    {
      from: { box: "ingest", side: "bottom" },
      to: { box: "postgres", side: "top" },
      label: "before it answers",
      labelAt: [322, 160]
    },
    { from: { box: "postgres", side: "right" }, to: { box: "loader", side: "left" } },
    {
      from: { box: "loader", side: "right" },
      to: { box: "clickhouse", side: "left" }
    },
    {
      from: { box: "clickhouse", side: "top" },
      to: { box: "api", side: "bottom" },
      label: "SQL",
      labelAt: [674, 164]
    },
    { from: { box: "api", side: "right" }, to: { box: "asker", side: "left" } },
    {
      from: { box: "api", side: "left" },
      to: { box: "ingest", side: "right" },
      label: "keys; the watermark back",
      dashed: true
    },
    {
      from: { box: "reports", side: "top" },
      to: { box: "api", side: "bottom", at: 0.9 },
      via: [
        [695, 318],
        [785, 318],
        [785, 150],
        [755, 150]
      ],
      label: "asks",
      labelAt: [740, 312],
      dashed: true
    },
    { from: { box: "reports", side: "right" }, to: { box: "readers", side: "left" } },
    {
      from: { box: "files", side: "right" },
      to: { box: "batch", side: "left" }
    },
    {
      from: { box: "batch", side: "top", at: 0.2 },
      to: { box: "ingest", side: "left", at: 0.8 },
      via: [
        [220, 308],
        [175, 308],
        [175, 111]
      ],
      label: "imports, scores",
      labelAt: [245, 302]
    },
    {
      from: { box: "batch", side: "right" },
      to: { box: "ml", side: "left" },
      label: "models"
    },
    {
      from: { box: "clickhouse", side: "bottom", at: 0.3 },
      to: { box: "batch", side: "top", at: 0.8 },
      via: [
        [665, 308],
        [310, 308]
      ],
      label: "exports, features, backups",
      labelAt: [480, 302]
    },
    {
      from: { box: "reports", side: "left" },
      to: { box: "ml", side: "right" },
      label: "series",
      dashed: true
    }
  ]
}

const event: Diagram = {
  name: "path-of-an-event",
  title: "The path of an event",
  description:
    "A request is read and judged, waits for one commit in Postgres, and is answered after it. The loader seals a batch, drops duplicates, records who is who and inserts into ClickHouse; then the watermark passes it.",
  height: 300,
  boxes: [
    {
      id: "before",
      x: 20,
      y: 24,
      w: 440,
      h: 252,
      title: "data-ingestion, while the client waits",
      kind: "area"
    },
    {
      id: "after",
      x: 480,
      y: 24,
      w: 460,
      h: 252,
      title: "loader, a fraction of a second later",
      kind: "area"
    },
    {
      id: "receive",
      x: 40,
      y: 66,
      w: 180,
      h: 70,
      title: "1 receive",
      lines: ["key, limits, unpack;", "a verdict for each event"],
      kind: "service"
    },
    {
      id: "settings",
      x: 40,
      y: 182,
      w: 180,
      h: 70,
      title: "2 settings",
      lines: ["addresses, consent,", "exclusions, schema"],
      kind: "service"
    },
    {
      id: "commit",
      x: 260,
      y: 182,
      w: 180,
      h: 70,
      title: "3 commit",
      lines: ["one row for all that came", "while the last one ran"],
      kind: "store"
    },
    {
      id: "answer",
      x: 260,
      y: 66,
      w: 180,
      h: 70,
      title: "4 answer 200",
      lines: ["on disk, counted once", "from here on"],
      kind: "outside"
    },
    {
      id: "seal",
      x: 500,
      y: 182,
      w: 200,
      h: 70,
      title: "5 seal",
      lines: ["a list of rows, knownAt;", "fenced by an epoch"],
      kind: "service"
    },
    {
      id: "dedupe",
      x: 500,
      y: 66,
      w: 200,
      h: 70,
      title: "6 once",
      lines: ["ids seen before drop out,", "removals apply"],
      kind: "service"
    },
    {
      id: "people",
      x: 730,
      y: 66,
      w: 190,
      h: 70,
      title: "7 who is who",
      lines: ["links; browser, country,", "channel"],
      kind: "service"
    },
    {
      id: "store",
      x: 730,
      y: 182,
      w: 190,
      h: 70,
      title: "8 store",
      lines: ["insert, check the count;", "the watermark passes"],
      kind: "store"
    }
  ],
  arrows: [
    { from: { box: "receive", side: "bottom" }, to: { box: "settings", side: "top" } },
    { from: { box: "settings", side: "right" }, to: { box: "commit", side: "left" } },
    { from: { box: "commit", side: "top" }, to: { box: "answer", side: "bottom" } },
    { from: { box: "commit", side: "right" }, to: { box: "seal", side: "left" } },
    { from: { box: "seal", side: "top" }, to: { box: "dedupe", side: "bottom" } },
    { from: { box: "dedupe", side: "right" }, to: { box: "people", side: "left" } },
    { from: { box: "people", side: "bottom" }, to: { box: "store", side: "top" } }
  ]
}

const question: Diagram = {
  name: "path-of-a-question",
  title: "The path of a question",
  description:
    "A question is admitted by share and budget, gets the watermark, is compiled to SQL whose values are parameters, and runs in ClickHouse over the project's rows with people looked up; a client that leaves ends it.",
  height: 196,
  boxes: [
    {
      id: "ask",
      x: 20,
      y: 62,
      w: 120,
      h: 72,
      title: "question",
      lines: ["JSON and a key"],
      kind: "outside"
    },
    {
      id: "admit",
      x: 180,
      y: 62,
      w: 165,
      h: 72,
      title: "admit",
      lines: ["project of the key;", "shares, budgets"],
      kind: "service"
    },
    {
      id: "compile",
      x: 385,
      y: 62,
      w: 170,
      h: 72,
      title: "compile",
      lines: ["watermark, time zone;", "values as parameters"],
      kind: "service"
    },
    {
      id: "run",
      x: 595,
      y: 62,
      w: 175,
      h: 72,
      title: "run",
      lines: ["this project's rows up", "to the watermark"],
      kind: "store"
    },
    {
      id: "answer",
      x: 810,
      y: 62,
      w: 130,
      h: 72,
      title: "answer",
      lines: ["result, asOf,", "warnings"],
      kind: "outside"
    }
  ],
  arrows: [
    { from: { box: "ask", side: "right" }, to: { box: "admit", side: "left" } },
    { from: { box: "admit", side: "right" }, to: { box: "compile", side: "left" } },
    { from: { box: "compile", side: "right" }, to: { box: "run", side: "left" } },
    { from: { box: "run", side: "right" }, to: { box: "answer", side: "left" } },
    {
      from: { box: "ask", side: "bottom" },
      to: { box: "run", side: "bottom" },
      via: [
        [80, 168],
        [682.5, 168]
      ],
      label: "a client that leaves ends the query in the store",
      labelAt: [380, 162],
      dashed: true
    },
    {
      from: { box: "compile", side: "top" },
      to: { box: "answer", side: "top" },
      via: [
        [470, 32],
        [875, 32]
      ],
      label: "a kept answer, while it would be the same",
      labelAt: [672, 26],
      dashed: true
    }
  ]
}

/** The pictures of docs/images that are drawn by this program. */
export const diagrams: ReadonlyArray<Diagram> = [parts, event, question]
