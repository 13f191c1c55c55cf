/** What the engine reports about a finished statement; 0 where it says nothing. */
export interface Statistics {
  readonly resultRows: number
  readonly rowsRead: number
  readonly bytesRead: number
  readonly rowsWritten: number
  readonly bytesWritten: number
}

export const noStatistics: Statistics = {
  resultRows: 0,
  rowsRead: 0,
  bytesRead: 0,
  rowsWritten: 0,
  bytesWritten: 0
}
