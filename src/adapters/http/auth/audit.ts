// Who did what: one line for every admin call and every write, also for those that were refused. It names callers, never what
// they prove themselves with, and it is written whatever `monitoring.log_level` says.

import type { FastifyRequest } from 'fastify'
import type { HttpLog } from '../options.ts'
import { callerOf } from './caller.ts'
import { isAdmin } from './need.ts'

export interface Deed {
  readonly method: string
  /** The route's pattern. */
  readonly route: string
  readonly status: number
  /** What the request's other line says, too. */
  readonly fields: object
}

/** Writes the line that a call deserves; false when it deserves none. */
export function audit(log: HttpLog, request: FastifyRequest, deed: Deed): boolean {
  const { method, route, status, fields } = deed
  const isOfAdmin = isAdmin(route)
  const isWrite = method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS' && route !== 'none'
  // Beats come by the thousand; who is too fast is counted, or it would fill the disk.
  if (!(isOfAdmin || (isWrite && !/\/heartbeats?$/.test(route))) || (status === 429 && !isOfAdmin)) return false
  const outcome = status < 400 ? 'done' : isRefusal(status) ? 'refused' : status < 500 ? 'rejected' : 'failed'
  const { name, role } = callerOf(request) ?? { name: 'nobody' }
  const who = { audit: isOfAdmin ? 'admin' : 'write', by: name, role, address: request.ip, outcome }
  const isAlarm = status === 500 || (isOfAdmin && outcome === 'refused')
  log[isAlarm ? 'error' : 'info'](
    { ...fields, ...who },
    isAlarm && status !== 500 ? 'admin call refused' : 'request answered',
  )
  return true
}

/** Refused for who asks, not for what was asked. */
export function isRefusal(status: number): boolean {
  return status === 401 || status === 403 || status === 429
}
