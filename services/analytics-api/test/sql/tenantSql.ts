import { parseQuery } from "@analytics/analytics-core/query/Query"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Duration, Effect, Layer, Logger, ManagedRuntime, Predicate } from "effect"
import { QueryRepo } from "../../src/query/QueryRepo.ts"

const TestLayer = QueryRepo.layer.pipe(
  Layer.provide(
    QueryConfig.layerOf({
      dataIngestionUrl: "http://localhost",
      timeout: Duration.seconds(30),
      memoryLimit: 1_000_000_000,
      threads: 1,
      concurrency: 4
    })
  ),
  Layer.provideMerge(TestClickHouse.client),
  Layer.provideMerge(Logger.layer([]))
)

export interface Answer {
  /** Of the HTTP answer that this becomes; 500 for a defect. */
  readonly status: number
  readonly body: unknown
}

/** Requests of any project on a store of its own, from reading the body to the answer. */
export const makeTenantSql = () => {
  const runtime = ManagedRuntime.make(TestLayer)

  const answer = Effect.fnUntraced(function* (projectId: number, body: unknown) {
    const repo = yield* QueryRepo
    const query = yield* parseQuery(body)
    const compiled = yield* query.compile({
      projectId,
      timezone: "UTC",
      now: Date.UTC(2025, 3, 1),
      watermark: query.asOf ?? Date.UTC(2025, 3, 1),
      hasLinks: true
    })
    const answers = yield* Effect.forEach(compiled.statements, repo.run)
    return {
      result: compiled.decode(answers.map(({ rows }) => rows)),
      rowsRead: answers[0]?.rowsRead
    }
  })

  return {
    ask: (projectId: number, body: unknown): Promise<Answer> =>
      runtime.runPromise(
        answer(projectId, body).pipe(
          Effect.matchCause({
            onSuccess: (found): Answer => ({ status: 200, body: found }),
            onFailure: (cause): Answer => {
              const [reason] = cause.reasons
              const error = reason?._tag === "Fail" ? reason.error : undefined
              return error === undefined
                ? { status: 500, body: String(cause) }
                : {
                    status:
                      Predicate.hasProperty(error, "status") &&
                      Predicate.isNumber(error.status)
                        ? error.status
                        : 500,
                    body: error
                  }
            }
          })
        )
      ),
    insert: (table: string, rows: ReadonlyArray<object>): Promise<unknown> =>
      runtime.runPromise(
        ClickHouse.use((clickhouse) =>
          clickhouse.insert({
            table,
            format: "JSONEachRow",
            body: rows.map((row) => JSON.stringify(row)).join("\n")
          })
        )
      ),
    dispose: () => runtime.dispose()
  }
}

export type TenantSql = ReturnType<typeof makeTenantSql>
