import { dlopen, type Pointer } from "bun:ffi"

/** The functions of libchdb's C interface that are used here. */
export const openLibrary = (path: string) =>
  dlopen(path, {
    chdb_connect: { args: ["i32", "ptr"], returns: "ptr" },
    chdb_close_conn: { args: ["ptr"], returns: "void" },
    chdb_query_n: { args: ["ptr", "ptr", "usize", "ptr", "usize"], returns: "ptr" },
    chdb_classify_query_n: {
      args: ["ptr", "ptr", "usize", "ptr", "usize", "ptr"],
      returns: "i32"
    },
    chdb_stream_query_n: {
      args: ["ptr", "ptr", "usize", "ptr", "usize"],
      returns: "ptr"
    },
    chdb_stream_fetch_result: { args: ["ptr", "ptr"], returns: "ptr" },
    chdb_stream_cancel_query: { args: ["ptr", "ptr"], returns: "void" },
    chdb_stream_insert_n: {
      args: ["ptr", "ptr", "usize", "ptr", "usize"],
      returns: "ptr"
    },
    chdb_stream_append: { args: ["ptr", "ptr", "usize"], returns: "i32" },
    chdb_stream_done: { args: ["ptr"], returns: "ptr" },
    chdb_stream_insert_error: { args: ["ptr"], returns: "ptr" },
    chdb_stream_cancel_insert: { args: ["ptr"], returns: "void" },
    chdb_destroy_insert_stream: { args: ["ptr"], returns: "void" },
    chdb_destroy_query_result: { args: ["ptr"], returns: "void" },
    chdb_result_buffer: { args: ["ptr"], returns: "ptr" },
    chdb_result_length: { args: ["ptr"], returns: "usize" },
    chdb_result_error: { args: ["ptr"], returns: "ptr" },
    chdb_result_rows_read: { args: ["ptr"], returns: "u64" },
    chdb_result_storage_rows_read: { args: ["ptr"], returns: "u64" },
    chdb_result_storage_bytes_read: { args: ["ptr"], returns: "u64" },
    chdb_result_rows_written: { args: ["ptr"], returns: "u64" },
    chdb_result_bytes_written: { args: ["ptr"], returns: "u64" }
  }).symbols

export type Symbols = ReturnType<typeof openLibrary>

/** What calls return as pointers: a number at run time, whatever the types allow. */
export type Address = Pointer | bigint | null

/** A text as C expects it. */
export const terminated = (text: string): Buffer => Buffer.from(`${text}\0`)
