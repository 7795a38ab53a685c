// Who did what: one line for every admin call and every write, also for those that were refused, as long as these are few. It
// names callers, never what they prove themselves with, and it is written whatever `monitoring.log_level` says.

import type { FastifyRequest } from 'fastify'
import type { HttpLog } from '../options.ts'
import { callerOf } from './caller.ts'
import { isAdmin } from './need.ts'
import { Bucket } from './rates.ts'

export interface Deed {
  readonly method: string
  /** The route's pattern. */
  readonly route: string
  readonly status: number
  /** What the request's other line says, too. */
  readonly fields: object
}

/** Lines on refusals a second: who sends nothing that counts must not fill the disk. */
const refusalRate = { perSecond: 10, burst: 10 }

export class Audit {
  readonly #log: HttpLog
  /** Apart, so that no flood of strangers hides what a known caller tried. */
  readonly #ofStrangers = new Refusals()
  readonly #ofKnown = new Refusals()

  constructor(log: HttpLog) {
    this.#log = log
  }

  /** Writes the line that a call deserves; false when it deserves none, or there were too many. */
  write(request: FastifyRequest, deed: Deed): boolean {
    if (!isAudited(deed)) return false
    const caller = callerOf(request)
    if (caller !== undefined && !isRefusal(deed.status)) return say(this.#log, request, deed)
    const leftOut = (caller === undefined ? this.#ofStrangers : this.#ofKnown).next(performance.now())
    if (leftOut === undefined) return false
    const fields = leftOut === 0 ? deed.fields : { ...deed.fields, left_out: leftOut }
    return say(this.#log, request, { ...deed, fields })
  }
}

class Refusals {
  readonly #bucket = new Bucket(refusalRate, performance.now())
  #leftOut = 0

  /** How many got no line since the last that did; undefined where this one gets none, either. */
  next(now: number): number | undefined {
    if (!this.#bucket.take(now)) {
      this.#leftOut++
      return undefined
    }
    const leftOut = this.#leftOut
    this.#leftOut = 0
    return leftOut
  }
}

function isAudited({ method, route, status }: Deed): boolean {
  const isWrite = method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS' && route !== 'none'
  // Beats come by the thousand; who is too fast is counted, or it would fill the disk.
  return status !== 429 && (isAdmin(route) || (isWrite && !/\/heartbeats?$/.test(route)))
}

function say(log: HttpLog, request: FastifyRequest, { route, status, fields }: Deed): true {
  const isOfAdmin = isAdmin(route)
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
