// Who asks, as the API knows them once they are let in.

import type { FastifyRequest } from 'fastify'
import type { Role } from '../../../core/roles.ts'
import type { App } from '../options.ts'
import type { Bucket } from './rates.ts'

/** Everything about a caller that a log may say: never what it proved itself with. */
export interface Caller {
  /** `key:<name>`, `token:<subject>`, or how else it came in. */
  readonly name: string
  /** Left out of a token that grants none. */
  readonly role?: Role
  /** What it may still ask; left out where nothing is counted. */
  readonly bucket?: Bucket
  /** Unix time in ms at which its token ends; left out where it has none. */
  readonly until?: number
}

/** Where no credential is configured, this machine may do everything. */
export const local: Caller = { name: 'local', role: 'admin' }
/** An address of `security.admin_trust`. */
export const trusted: Caller = { name: 'trusted-address', role: 'admin' }

const decorator = 'caller'

/** Before the first request. */
export function expectCallers(app: App): void {
  app.decorateRequest(decorator)
}

export function letIn(request: FastifyRequest, caller: Caller): void {
  request.setDecorator<Caller | undefined>(decorator, caller)
}

/** Nobody on open paths, and for who was not let in. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return request.getDecorator<Caller | undefined>(decorator)
}
