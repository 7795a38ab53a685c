// JSON Web Tokens (RFC 7519, with the advice of RFC 8725): the algorithms are fixed by how this hub is configured and never
// taken from a token, a token must end, and what was verified is remembered for a while.

import { createSecretKey, hash, randomBytes } from 'node:crypto'
import { type JWTPayload, errors as joseErrors, jwtVerify } from 'jose'
import type { Refusal } from '../../../core/errors.ts'
import { type Role, roles } from '../../../core/roles.ts'
import type { Millis } from '../../../core/time.ts'
import type { Caller } from './caller.ts'
import { KeySet, KeysUnavailable } from './keyset.ts'
import { Buckets, type Rate } from './rates.ts'

/** Clocks of issuers and hubs differ by that, at most. */
const toleranceMs: Millis = 5_000
/** What was verified is looked at again after that: keys are withdrawn. */
const rememberedMs: Millis = 60_000
const maxRemembered = 1_000
const maxLength = 8_192
const maxSubject = 100

const bySecret = ['HS256']
const byKeySet = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

export interface TokenOptions {
  readonly issuer?: string | undefined
  /** Either this or `jwks`. */
  readonly secret?: string | undefined
  /** A URL. */
  readonly jwks?: string | undefined
  readonly maxLifeMs: Millis
  /** Value of a claim → role. */
  readonly roles: Readonly<Record<string, Role>>
  readonly onKeys: (failure: string | undefined) => void
}

export type Verdict = { readonly ok: true; readonly caller: Caller } | Refusal

interface Remembered {
  readonly caller: Caller
  /** Unix time, ms. */
  readonly until: number
}

export class Tokens {
  readonly #options: TokenOptions
  readonly #keySet: KeySet | undefined
  readonly #buckets: Buckets
  readonly #verify: (token: string) => Promise<JWTPayload>
  readonly #salt = randomBytes(16).toString('hex')
  readonly #remembered = new Map<string, Remembered>()
  /** By salted hash, as those that are remembered. */
  readonly #pending = new Map<string, Promise<Verdict>>()

  constructor(options: TokenOptions, rate: Rate) {
    const { issuer, secret, jwks, onKeys } = options
    this.#options = options
    this.#buckets = new Buckets(rate)
    const claims = {
      requiredClaims: ['exp'],
      clockTolerance: toleranceMs / 1_000,
      ...(issuer === undefined ? {} : { issuer }),
    }
    if (secret !== undefined) {
      const key = createSecretKey(secret, 'utf8')
      this.#verify = async (token) => (await jwtVerify(token, key, { ...claims, algorithms: bySecret })).payload
    } else {
      const keySet = new KeySet({ url: new URL(jwks ?? ''), onTurn: onKeys })
      this.#keySet = keySet
      this.#verify = async (token) => (await jwtVerify(token, keySet.key, { ...claims, algorithms: byKeySet })).payload
    }
  }

  /** Why the keys cannot be fetched now. */
  get failure(): string | undefined {
    return this.#keySet?.failure
  }

  close(): void {
    this.#keySet?.close()
  }

  /** Whose token this is, where it was verified not long ago. */
  known(token: string): Caller | undefined {
    if (token.length > maxLength) return undefined
    const held = this.#remembered.get(this.#salted(token))
    return held !== undefined && held.until > Date.now() ? held.caller : undefined
  }

  /** The verdict on a token that is being verified. */
  pending(token: string): Promise<Verdict> | undefined {
    return this.#pending.get(this.#salted(token))
  }

  /** Never throws. */
  check(token: string): Promise<Verdict> {
    const id = this.#salted(token)
    const pending = this.#verdictOn(token).finally(() => this.#pending.delete(id))
    this.#pending.set(id, pending)
    return pending
  }

  async #verdictOn(token: string): Promise<Verdict> {
    if (token.length > maxLength) return refused(`The token is longer than ${maxLength} characters`)
    try {
      const payload = await this.#verify(token)
      const wrong = this.#lifeOf(payload)
      return wrong === undefined ? { ok: true, caller: this.#take(token, payload) } : refused(wrong)
    } catch (error) {
      if (error instanceof KeysUnavailable)
        return { ok: false, code: 'keys-unavailable', detail: capital(error.message) }
      return refused(reasonOf(error))
    }
  }

  #take(token: string, payload: JWTPayload): Caller {
    const now = Date.now()
    const subject = typeof payload.sub === 'string' ? payload.sub.slice(0, maxSubject) : 'unnamed'
    const name = `token:${subject}`
    const role = roleIn(payload, this.#options.roles)
    const bucket = this.#buckets.of(name, performance.now())
    const end = (payload.exp ?? 0) * 1_000 + toleranceMs
    const caller: Caller = { name, bucket, until: end, ...(role === undefined ? {} : { role }) }
    if (this.#remembered.size >= maxRemembered) {
      this.#remembered.delete(this.#remembered.keys().next().value ?? '')
    }
    this.#remembered.set(this.#salted(token), { caller, until: Math.min(now + rememberedMs, end) })
    return caller
  }

  /** What is wrong with how long the token is good for. */
  #lifeOf({ exp = 0, iat }: JWTPayload): string | undefined {
    const { maxLifeMs } = this.#options
    const nowS = Date.now() / 1_000
    const toleranceS = toleranceMs / 1_000
    if (iat !== undefined && iat > nowS + toleranceS) return 'The token says that it is from the future (iat)'
    const lifeS = exp - (iat ?? nowS)
    if (lifeS <= maxLifeMs / 1_000 + (iat === undefined ? toleranceS : 0)) return undefined
    return `The token is good for longer than ${maxLifeMs / 1_000} s (security.jwt.token_expiry)`
  }

  #salted(token: string): string {
    return hash('sha256', this.#salt + token, 'base64')
  }
}

/** The highest role that a claim of the token grants. */
export function roleIn(payload: JWTPayload, granted: Readonly<Record<string, Role>>): Role | undefined {
  const said = [payload['role'], payload['roles'], payload['groups']].flat()
  const found = said.flatMap((value) =>
    typeof value === 'string' && Object.hasOwn(granted, value) ? roles.indexOf(granted[value] ?? 'viewer') : [],
  )
  return roles[Math.max(...found)]
}

function reasonOf(error: unknown): string {
  if (error instanceof joseErrors.JWTExpired) return 'The token has expired'
  if (error instanceof joseErrors.JWTClaimValidationFailed) return `The token is not valid here: ${error.claim}`
  return 'The token is not signed with a key that counts here'
}

function refused(detail: string): Refusal {
  return { ok: false, code: 'unauthorized', detail }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
