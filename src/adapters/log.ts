// JSON lines on standard output, as the contract shapes them: {level, timestamp, msg, hub_id, ...}. Written at once, so
// that the last line before an exit is not lost.

import { destination, type Logger, pino } from 'pino'
import type { HubChange } from '../hub/effects.ts'

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

/** What of a hub's life is worth a line: who comes and goes, what this hub becomes, what fails. The rest is counted. */
export function logChange(log: Log, change: HubChange): void {
  const operation = change.type
  switch (change.type) {
    case 'member': {
      const { status, info, incarnation } = change.member
      if (status === change.previous?.status) break
      const fields = { operation, hub: info.hub, region: info.region, pool: change.pool, incarnation }
      log[status === 'dead' ? 'warn' : 'info'](fields, `hub is ${status}`)
      break
    }
    case 'foreign': {
      const { status, info } = change.verdict
      if (status === change.previous) break
      log.info({ operation, hub: info.hub, region: info.region }, `hub of another region is ${status}`)
      break
    }
    case 'refuted':
      log.info({ operation, pool: change.pool, incarnation: change.incarnation }, 'refuted a word against this hub')
      break
    case 'parents':
      log.info({ operation, parents: change.parents }, 'parents chosen')
      break
    case 'state':
      log.info({ operation }, `this hub is ${change.state}`)
      break
    case 'opened':
      log.info({ operation, epoch: change.epoch }, 'own slice of the catalog is open')
      break
    case 'run-refused':
      log.warn({ operation, hub: change.hub, reason: change.reason }, 'records of a hub were not taken')
      break
    case 'storage':
      if (change.ok) log.info({ operation }, 'the disk takes writes again')
      else log.error({ operation, error: 'a write failed' }, 'the disk does not take writes')
      break
    case 'link': {
      const { hub, peer, reason } = change
      log.debug({ operation, hub, peer, reason }, change.isUp ? 'link up' : 'link down')
      break
    }
    case 'dial-failed':
      log.debug({ operation, peer: change.peer, reason: change.reason }, 'a dial failed')
      break
    case 'hello-refused':
      log.warn({ operation, peer: change.peer, reason: change.reason }, 'a peer was not let in')
      break
    case 'dropped':
      log.debug({ operation, reason: change.reason }, 'a message was not taken')
      break
    case 'member-dropped':
    case 'overfull':
    case 'foreign-dropped':
    case 'lease':
    case 'beaten':
    case 'told':
    case 'entry':
    case 'written':
      break
  }
}
