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
    case 'member':
      logMember(log, change)
      break
    case 'foreign': {
      const { status, info } = change.verdict
      if (status === change.previous) break
      log.info({ operation, hub: info.hub, region: info.region }, `hub of another region is ${status}`)
      break
    }
    case 'parents':
      log.info({ operation, parents: change.parents }, 'parents chosen')
      break
    case 'state':
      log.info({ operation }, `this hub is ${change.state}`)
      break
    case 'opened':
    case 'run-refused':
    case 'quarantined':
    case 'storage':
      logCatalog(log, change)
      break
    case 'link':
      log.debug({ ...change, operation }, change.isUp ? 'link up' : 'link down')
      break
    case 'dial-failed':
      log.debug({ operation, peer: change.peer, reason: change.reason }, 'a dial failed')
      break
    case 'hello-refused':
      log.warn({ operation, peer: change.peer, reason: change.reason }, 'a peer was not let in')
      break
    case 'dropped':
      log.debug({ operation, reason: change.reason }, 'a message was not taken')
      break
    case 'refuted':
    case 'accused':
    case 'clock':
    case 'stalled':
    case 'degraded':
    case 'namesake':
    case 'conflict':
      logSelf(log, change)
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

type OfCatalog = 'opened' | 'run-refused' | 'quarantined' | 'storage'

function logCatalog(log: Log, change: HubChange & { readonly type: OfCatalog }): void {
  const operation = change.type
  switch (change.type) {
    case 'opened':
      logOpened(log, change)
      break
    case 'run-refused':
      log.warn({ operation, hub: change.hub, reason: change.reason }, 'records of a hub were not taken')
      break
    case 'quarantined':
      log.warn(
        { operation, hub: change.hub, peer: change.peer, reason: change.reason },
        'a peer did not hand over what the hub has signed: its records are fetched from another',
      )
      break
    case 'storage':
      if (change.ok) log.info({ operation }, 'the disk takes writes again')
      else log.error({ operation, error: 'a write failed' }, 'the disk does not take writes')
      break
  }
}

/** Of the entries that are announced anew a line holds that many. */
const listedEntries = 100

function logOpened(log: Log, { type, epoch, anew }: HubChange & { readonly type: 'opened' }): void {
  const operation = type
  if (anew === undefined) log.info({ operation, epoch }, 'own slice of the catalog is open')
  else {
    const fields = { operation, epoch, entity_count: anew.length, entries: anew.slice(0, listedEntries) }
    log.warn(fields, 'this hub was away for longer than catalog.removal_retention: it announces its entries anew')
  }
}

function logMember(log: Log, { type, pool, member, previous }: HubChange & { readonly type: 'member' }): void {
  const { status, info, incarnation } = member
  if (status === previous?.status) return
  const fields = { operation: type, hub: info.hub, region: info.region, pool, incarnation }
  log[status === 'dead' ? 'warn' : 'info'](fields, `hub is ${status}`)
}

type OfSelf = 'refuted' | 'accused' | 'clock' | 'stalled' | 'degraded' | 'namesake' | 'conflict'

/** What concerns this hub's own standing, and whom it or others accuse. */
function logSelf(log: Log, change: HubChange & { readonly type: OfSelf }): void {
  const operation = change.type
  switch (change.type) {
    case 'refuted':
      log.info(
        { operation, pool: change.pool, incarnation: change.word.incarnation, accuser: change.accusation?.by },
        'refuted a word against this hub',
      )
      break
    case 'accused': {
      const { accused, by, path, health, status } = change.accusation
      log.debug({ operation, hub: accused, by, path, health, status, pool: change.pool }, 'a hub is accused')
      break
    }
    case 'stalled':
      log.warn({ operation, pool: change.pool, duration_ms: Math.round(change.lateMs) }, 'the event loop stood still')
      break
    case 'clock':
      if (change.doubt === undefined) log.info({ operation }, 'the clock can be relied on again')
      else
        log.error({ operation, ...change.doubt, error: 'clock' }, 'the clock is wrong or in doubt: nothing is written')
      break
    case 'degraded': {
      const { reasons } = change
      if (reasons.length > 0) log.warn({ operation, reasons }, 'this hub is degraded')
      else log.info({ operation }, 'this hub runs well again')
      break
    }
    case 'namesake':
      log.warn({ operation, peer: change.info.peer, addresses: change.info.addresses }, 'another hub has this name')
      break
    case 'conflict': {
      const { hub, peer, addresses } = change.with
      log.error(
        { operation, hub, peer, addresses },
        `another hub named ${hub} was up before this one: give this one another node.id`,
      )
      break
    }
  }
}
