// The key set that an issuer publishes (RFC 7517), with an outage of it in mind: keys that were fetched go on to be used, and
// while it fails no request waits for it, because only a timer tries again. So who asks is told at once that it fails.

import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
  type JWTVerifyGetKey,
  errors as joseErrors,
} from 'jose'
import type { Millis } from '../../../core/time.ts'

/** Keys are asked for anew that often. */
const refreshMs: Millis = 5 * 60_000
/** Fetched so long ago, they count no more. */
const longestUseMs: Millis = 24 * 3_600_000
/** An unknown key makes the set be fetched at most that often. */
const cooldownMs: Millis = 5_000
/** For one fetch with its attempts. */
const timeoutMs: Millis = 3_000
const attempts = 2
/** Between attempts, and then between trials of a set that fails: doubled up to the longest. */
const firstPauseMs: Millis = 250
const longestPauseMs: Millis = 15_000

/** The keys cannot be had now; the token may be good. */
export class KeysUnavailable extends Error {
  constructor(reason: string) {
    super(`the keys that tokens are signed with cannot be fetched: ${reason}`)
    this.name = 'KeysUnavailable'
  }
}

export interface KeySetOptions {
  readonly url: URL
  /** The set begins to fail, or is there again. */
  readonly onTurn: (failure: string | undefined) => void
}

export class KeySet {
  readonly #remote: ReturnType<typeof createRemoteJWKSet>
  readonly #options: KeySetOptions
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #pauseMs = firstPauseMs
  /** Why the last fetch failed: the breaker is open. */
  #failure: string | undefined

  constructor(options: KeySetOptions) {
    this.#options = options
    this.#remote = createRemoteJWKSet(options.url, {
      cacheMaxAge: longestUseMs,
      cooldownDuration: cooldownMs,
      timeoutDuration: timeoutMs,
      [customFetch]: (url, init) => this.#fetch(url, init),
    })
    this.#refresh()
  }

  get failure(): string | undefined {
    return this.#failure
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** The key that the header names. Throws `KeysUnavailable`, at once while the set fails, or what jose throws. */
  readonly key: JWTVerifyGetKey = async (header, token) => {
    if (this.#failure !== undefined) return this.#held(this.#failure, header, token)
    try {
      return await this.#remote(header, token)
    } catch (error) {
      if (this.#failure === undefined) throw error
      throw new KeysUnavailable(this.#failure)
    }
  }

  /** While the set fails: a key that it does not have may be a new one, so that is no refusal of the token. */
  async #held(failure: string, header: JWSHeaderParameters, token: FlattenedJWSInput) {
    const held = this.#remote.fresh ? this.#remote.jwks() : undefined
    if (held === undefined) throw new KeysUnavailable(failure)
    try {
      return await createLocalJWKSet(held)(header, token)
    } catch (error) {
      if (error instanceof joseErrors.JWKSNoMatchingKey) throw new KeysUnavailable(failure)
      throw error
    }
  }

  #refresh(): void {
    this.#remote
      .reload()
      .catch((error: unknown) => this.#turn(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        if (this.#failure === undefined) this.#pauseMs = firstPauseMs
        else this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2)
        this.#refreshIn(this.#failure === undefined ? refreshMs : this.#pauseMs * (0.75 + Math.random() / 4))
      })
  }

  #refreshIn(ms: Millis): void {
    clearTimeout(this.#timer)
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#refresh(), ms).unref()
  }

  /** Fetches the set, twice if need be, and looks at what comes: an error page is no answer. */
  async #fetch(url: string, init: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(url, init)
        const text = await response.text()
        if (response.status !== 200) throw new Error(`it answers ${response.status}`)
        createLocalJWKSet(JSON.parse(text))
        this.#turn(undefined)
        return new Response(text)
      } catch (error) {
        if (attempt === attempts || init.signal?.aborted === true) {
          this.#turn(reasonOf(error))
          throw error
        }
        await new Promise((resolve) => setTimeout(resolve, firstPauseMs).unref())
      }
    }
  }

  #turn(failure: string | undefined): void {
    const isNews = (failure === undefined) !== (this.#failure === undefined)
    this.#failure = failure
    if (!isNews || this.#isClosed) return
    this.#options.onTurn(failure)
    // Where a request met the failure, the timer may be minutes away.
    if (failure !== undefined) this.#refreshIn(this.#pauseMs)
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return error instanceof Error ? error.message : String(error)
}
