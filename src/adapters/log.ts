// JSON lines on standard output, as the contract shapes them: {level, timestamp, msg, hub_id, ...}. Written at once, so
// that the last line before an exit is not lost.

import { destination, type Logger, pino } from 'pino'

export type Log = Logger

export interface LogOptions {
  readonly hub: string
  readonly level: string
  /** Where the lines go; standard output when left out. */
  readonly write?: (line: string) => void
}

export function createLog({ hub, level, write }: LogOptions): Log {
  return pino(
    {
      level,
      base: { hub_id: hub },
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    write === undefined ? destination({ dest: 1, sync: true }) : { write },
  )
}
