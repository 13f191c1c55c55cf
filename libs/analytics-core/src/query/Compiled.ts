import type { Effect, Schema } from "effect"
import type { CohortDefinition } from "./cohort/Cohort.ts"
import type { QueryInvalid } from "./QueryInvalid.ts"
import { type ParamValue, render, type Sql } from "./Sql.ts"
import type { Outlook } from "./trends/Outlook.ts"

/** What an answer depends on besides the request. Instants in epoch milliseconds. */
export interface QueryContext {
  readonly projectId: number
  /** The project's own zone, for requests that name none. */
  readonly timezone: string
  /** What "today" means: the clock, or `asOf`. */
  readonly now: number
  /** Only what was known by then exists. */
  readonly watermark: number
  /** Only what happened before then exists, for `source` and traits: what a model may know of an earlier moment. */
  readonly before?: number
  /** Whether any id of the project stands for another person than itself. */
  readonly hasLinks: boolean
  /** Whether traits of the project changed otherwise than by being set. */
  readonly hasTraitChanges?: boolean
  /** Whether events of the project are being erased or expire: whoever reads must say `removed`. */
  readonly removals?: boolean
  /** Those that the request names, by id. */
  readonly cohorts?: ReadonlyMap<string, CohortDefinition>
  /** Of those, the ones whose people are read as a refresh kept them: its version, by id. */
  readonly materialised?: ReadonlyMap<string, string>
  /** A condition on `person`: nobody else exists. Events are then read with their person. */
  readonly onlyPeople?: Sql
  /** `id_hash` of an id of the project. Without it all ids of a person's events are theirs. */
  readonly idHash?: (id: string) => bigint
  /** Told while a query is compiled of all events it will look at, and perhaps of others. */
  readonly onRead?: (read: EventRead) => void
}

/** Events that an answer may depend on. */
export interface EventRead {
  /** Stored names; absent: all. */
  readonly events?: ReadonlyArray<string>
  /** `[from, to)` of their time, in epoch milliseconds. */
  readonly from: number
  readonly to: number
  /** Whether it matters whom their ids stand for. */
  readonly person: boolean
}

/** Which people of an answer: those behind one of its numbers. Counted from 0, steps from 1. */
export interface PeopleSelection {
  /** The name of a series. */
  readonly series?: string
  readonly step?: number
  readonly droppedAfterStep?: number
  /** Index of a cohort of a retention table. */
  readonly cohort?: number
  readonly period?: number
  readonly bucket?: number
  /** The values of a group; absent: of the answer without groups, or of all groups. */
  readonly breakdown?: ReadonlyArray<unknown>
}

/** One SELECT for the store. */
export interface Statement {
  /** What it is for, as a part of a span's name. */
  readonly name: string
  readonly sql: string
  readonly params: { readonly [name: string]: ParamValue }
  /** SQL of a client, to be checked; `sql` is then the definitions of its views. */
  readonly written?: Written
}

/** What a client wrote: not trusted, and no part of any statement until it was checked. */
export interface Written {
  readonly query: string
  readonly params: { readonly [name: string]: unknown }
  /** Rows that are answered at most. */
  readonly rows: number
  readonly projectId: number
  /** In epoch milliseconds. */
  readonly watermark: number
}

/** A row by column name. 64-bit integers may be strings. */
export type Row = { readonly [column: string]: unknown }

/**
 * A query as statements, and how their rows (in the same order) become the answer, or a
 * `Refusal` that only the rows could tell.
 */
export interface Compiled<Result, Refusal = never> {
  readonly statements: ReadonlyArray<Statement>
  readonly decode: (rows: ReadonlyArray<ReadonlyArray<Row>>) => Result | Refusal
  /** What the answer is to say beyond what the store counts. */
  readonly outlook?: Outlook
}

/** One `kind` of query: its wire forms, and the way from a request to SQL. */
export interface QueryKind<Request, Result, Refusal = never> {
  readonly kind: string
  readonly request: Schema.Codec<Request, unknown>
  readonly result: Schema.Codec<Result, unknown>
  readonly example: unknown
  readonly compile: (
    request: Request,
    context: QueryContext
  ) => Effect.Effect<Compiled<Result, Refusal>, QueryInvalid>
  /**
   * A SELECT of the column `person` (distinct): exactly the people that a number counts.
   * Faults of the selection point at `/of/…`, those of the request into the request.
   */
  readonly people?: (
    request: Request,
    selection: PeopleSelection,
    context: QueryContext
  ) => Effect.Effect<Sql, QueryInvalid>
}

export const statement = (name: string, fragment: Sql): Statement => ({
  name,
  ...render(fragment)
})
