// The gate before every route: who asks, may they, and not too often. Nothing in it waits, but for a token that is seen for
// the first time: a request with a known key costs one hash.

import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { ProblemCode } from '../../../core/errors.ts'
import { includes } from '../../../core/roles.ts'
import type { Millis } from '../../../core/time.ts'
import { foreignness } from '../local.ts'
import type { App } from '../options.ts'
import { Refused } from '../problems.ts'
import { type Caller, expectCallers, letIn, local, trusted } from './caller.ts'
import { type KeyEntry, KeyRing } from './keys.ts'
import { isForTrusted, type Need, needOf } from './need.ts'
import { Buckets } from './rates.ts'
import type { Tokens, Verdict } from './tokens.ts'
import { blockOf, isTrusted, Ranges } from './trust.ts'

export interface GuardOptions {
  readonly keys: readonly KeyEntry[]
  readonly tokens?: Tokens | undefined
  /** Addresses and ranges. */
  readonly adminTrust: readonly string[]
  /** Requests a second of one key, or of one address without. */
  readonly requestRate: number
  /** Whether the request came over the listener that answers `/admin` alone; left out where there is none. */
  readonly isAdminListener?: ((request: FastifyRequest) => boolean) | undefined
}

/** Of one address: who tries keys is answered no faster than this. */
const wrongRate = { perSecond: 10, burst: 100 }
/** Tokens of one address that are verified at once, however many were wrong. */
const spareVerifications = 256
const challenge = 'Bearer realm="hubmesh"'

/** Whether the request may read, beyond doubt and without waiting; it is then counted. `false` says nothing. `now`: monotonic. */
export type MayRead = (request: IncomingMessage, key: string | undefined, now: Millis) => boolean

export function guard(app: App, options: GuardOptions): MayRead {
  const gate = new Gate(options)
  expectCallers(app)
  app.addHook('onRequest', (request, reply, done) => {
    const need = needOf({ method: request.method, route: request.routeOptions.url, url: request.url })
    const say = (refused: Refused | undefined): void => {
      if (refused?.code === 'unauthorized') reply.header('www-authenticate', challenge)
      done(refused)
    }
    const answer = gate.judge(request, need)
    if (answer instanceof Promise) answer.then(say, done)
    else say(answer)
  })
  return (request, key, now) => gate.mayRead(request, key, now)
}

/** Undefined: may pass. */
type Answer = Refused | undefined

class Gate {
  readonly #options: GuardOptions
  readonly #ring: KeyRing
  readonly #adminTrust: Ranges
  readonly #byAddress: Buckets
  readonly #wrong = new Buckets(wrongRate)
  /** How many tokens of an address are being verified. */
  readonly #verifying = new Map<string, number>()
  readonly #hasCredentials: boolean

  constructor(options: GuardOptions) {
    const { keys, tokens, adminTrust, requestRate } = options
    const rate = { perSecond: requestRate, burst: requestRate }
    this.#options = options
    this.#ring = new KeyRing(keys, rate)
    this.#adminTrust = new Ranges(adminTrust)
    this.#byAddress = new Buckets(rate)
    this.#hasCredentials = keys.length > 0 || tokens !== undefined
  }

  mayRead(request: IncomingMessage, key: string | undefined, now: Millis): boolean {
    const { socket } = request
    if (!this.#hasCredentials) {
      return foreignness({ ip: socket.remoteAddress, headers: request.headers }) === undefined
    }
    const caller = key === undefined || key === '' ? undefined : this.#ring.known(key, socket)
    return caller !== undefined && includes(caller.role, 'viewer') && caller.bucket?.take(now) !== false
  }

  /** Why the request is not answered. */
  judge(request: FastifyRequest, need: Need): Answer | Promise<Answer> {
    const { isAdminListener } = this.#options
    if (isAdminListener !== undefined && isAdminListener(request) !== (need === 'admin')) {
      return refused('not-found', 'There is nothing at this path on this listener (security.admin_host)')
    }
    if (need === 'open') return this.#isLocal(request) ? undefined : this.#mayAsk(request)
    const presented = presentedBy(request)
    if (presented !== undefined && this.#hasCredentials) return this.#proven(request, need, presented)
    const { socket, headers, ip } = request
    const seen = { ip, socketIp: socket.remoteAddress, headers }
    if (need === 'admin' && isForTrusted(request.routeOptions.url) && isTrusted(this.#adminTrust, seen)) {
      letIn(request, trusted)
      return undefined
    }
    return this.#hasCredentials ? this.#unproven(request) : asLocal(request)
  }

  /** Without credentials this machine may ask as often as it likes. */
  #isLocal({ socket, headers }: FastifyRequest): boolean {
    return !this.#hasCredentials && foreignness({ ip: socket.remoteAddress, headers }) === undefined
  }

  #unproven(request: FastifyRequest): Answer {
    return (
      this.#mayAsk(request) ?? refused('unauthorized', 'Send a key as X-API-Key, or a token as Authorization: Bearer')
    )
  }

  #proven(request: FastifyRequest, need: Exclude<Need, 'open'>, presented: string): Answer | Promise<Answer> {
    const { tokens } = this.#options
    const known = this.#ring.known(presented, request.socket) ?? tokens?.known(presented)
    if (known !== undefined) return admit(request, need, known)
    // Nobody guesses a key, so a right one need not wait until others behind its address stop guessing.
    const holder = this.#ring.check(presented)
    if (holder !== undefined) return admit(request, need, holder)
    if (tokens === undefined || presented.split('.').length !== 3) {
      return this.#isWrong(request, 'This key does not count here')
    }
    const pending = this.#verdictOn(tokens, presented, request)
    if (pending === undefined) return tooManyWrong()
    return pending.then((verdict) => {
      if (verdict.ok) return admit(request, need, verdict.caller)
      if (verdict.code === 'unauthorized') return this.#isWrong(request, verdict.detail)
      return this.#mayAsk(request) ?? refused(verdict.code, verdict.detail)
    })
  }

  /** Undefined where too many tokens of that address are being verified already. */
  #verdictOn(tokens: Tokens, token: string, { ip }: FastifyRequest): Promise<Verdict> | undefined {
    const pending = tokens.pending(token)
    if (pending !== undefined) return pending
    const block = blockOf(ip)
    const now = performance.now()
    const begun = this.#verifying.get(block) ?? 0
    // Each may turn out to be wrong: what the bucket can still pay for, and some, because others may have emptied it.
    if (begun >= spareVerifications + this.#wrong.of(block, now).left(now)) return undefined
    this.#verifying.set(block, begun + 1)
    return tokens.check(token).finally(() => {
      const left = (this.#verifying.get(block) ?? 1) - 1
      if (left === 0) this.#verifying.delete(block)
      else this.#verifying.set(block, left)
    })
  }

  #isWrong({ ip }: FastifyRequest, detail: string): Refused {
    const now = performance.now()
    return this.#wrong.of(blockOf(ip), now).take(now) ? refused('unauthorized', detail) : tooManyWrong()
  }

  /** Of those without a credential, or with one that cannot be verified now. */
  #mayAsk({ ip }: FastifyRequest): Answer {
    const now = performance.now()
    return this.#byAddress.of(blockOf(ip), now).take(now) ? undefined : tooOften('address')
  }
}

function admit(request: FastifyRequest, need: Exclude<Need, 'open'>, caller: Caller): Answer {
  letIn(request, caller)
  if (caller.bucket?.take(performance.now()) === false) return tooOften('credential')
  if (includes(caller.role, need)) return undefined
  return refused('forbidden', `This takes the role ${need}; ${caller.name} has ${caller.role ?? 'none'}`)
}

function asLocal(request: FastifyRequest): Answer {
  const reason = foreignness({ ip: request.socket.remoteAddress, headers: request.headers })
  if (reason !== undefined)
    return refused('not-local', `Without credentials only this machine is answered, but ${reason}`)
  letIn(request, local)
  return undefined
}

/** The key or token that the request carries; X-API-Key counts where there are both. */
function presentedBy({ headers }: FastifyRequest): string | undefined {
  const key = headers['x-api-key']
  if (typeof key === 'string' && key !== '') return key
  const said = headers.authorization
  return said !== undefined && /^bearer /i.test(said) ? said.slice('bearer '.length).trim() : undefined
}

function tooManyWrong(): Refused {
  return refused('rate-limited', 'Too many wrong credentials came from this address; try again in a second')
}

function tooOften(whose: 'address' | 'credential'): Refused {
  return refused('rate-limited', `This ${whose} asks more often than limits.request_rate allows; try again in a second`)
}

function refused(code: ProblemCode, detail: string): Refused {
  return new Refused({ code, detail })
}
