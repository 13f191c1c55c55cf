/** Bytes of the largest event of an import: other systems let larger ones in than we do. */
export const MAX_IMPORTED_EVENT = 1024 * 1024

/** Bytes of the largest request of an import. */
export const MAX_IMPORT_BODY = 4 * 1024 * 1024
