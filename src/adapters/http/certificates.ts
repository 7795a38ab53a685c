// The certificate that HTTPS shows, and its renewal while the hub runs. Files are looked at rather than watched: what watchers
// tell of files that are replaced through links, as Kubernetes does it, differs from system to system.

import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Server as HttpsServer } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Millis } from '../../core/time.ts'
import type { Check } from '../../hub/shapes.ts'
import type { HttpLog } from './options.ts'

const lookMs: Millis = 1_000
/** Certificate and key are two files, renewed one after the other: what does not fit is looked at again. */
const patientLooks = 2
/** Before the end, /health warns. */
const noticeMs: Millis = 7 * 24 * 3_600_000

export interface TlsFiles {
  readonly cert: string
  readonly key: string
  /** Callers must show a certificate of this authority. */
  readonly ca?: string | undefined
}

interface Loaded {
  readonly context: SecureContextOptions
  readonly fingerprint: string
  readonly validTo: Date
}

export class Certificates {
  readonly #files: TlsFiles
  readonly #log: HttpLog
  readonly #servers = new Set<HttpsServer>()
  #held: Loaded
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  /** Why the renewed files are of no use, and how often in a row. */
  #broken: { readonly reason: string; readonly looks: number } | undefined

  private constructor(files: TlsFiles, log: HttpLog, held: Loaded) {
    this.#files = files
    this.#log = log
    this.#held = held
    this.#lookLater()
  }

  /** Throws when the files cannot be used. */
  static async open(files: TlsFiles, log: HttpLog): Promise<Certificates> {
    try {
      return new Certificates(files, log, await load(files))
    } catch (error) {
      throw new Error(`security.tls cannot be used: ${reasonOf(error)}`)
    }
  }

  /** For a new server. */
  get options() {
    const isAsked = this.#files.ca !== undefined
    return { ...this.#held.context, requestCert: isAsked, rejectUnauthorized: isAsked }
  }

  /** The server shows what is renewed from now on. */
  serve(server: HttpsServer): void {
    this.#servers.add(server)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  check(): Check {
    const { validTo } = this.#held
    const until = `the certificate is good until ${validTo.toISOString()}`
    if (this.#isBroken)
      return { status: 'warn', details: `${until}, but its renewal is of no use: ${this.#broken?.reason}` }
    const leftMs = validTo.getTime() - Date.now()
    return { status: leftMs < noticeMs ? 'warn' : 'pass', details: leftMs < 0 ? `${until}: it has ended` : until }
  }

  get #isBroken(): boolean {
    return (this.#broken?.looks ?? 0) >= patientLooks
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => this.#look().finally(() => this.#isClosed || this.#lookLater()), lookMs).unref()
  }

  async #look(): Promise<void> {
    try {
      const found = await load(this.#files)
      if (this.#isClosed) return
      const isNew = found.fingerprint !== this.#held.fingerprint
      if (isNew && found.validTo.getTime() < Date.now()) throw new Error('it has ended already')
      this.#broken = undefined
      if (!isNew) return
      this.#held = found
      for (const server of this.#servers) server.setSecureContext(found.context)
      this.#log.info({ operation: 'tls', valid_to: found.validTo.toISOString() }, 'the certificate was renewed')
    } catch (error) {
      this.#broken = { reason: reasonOf(error), looks: (this.#broken?.looks ?? 0) + 1 }
      if (this.#broken.looks !== patientLooks) return
      this.#log.warn(
        { operation: 'tls', error: this.#broken.reason },
        'the renewed certificate cannot be used: the one before is shown on',
      )
    }
  }
}

async function load(files: TlsFiles): Promise<Loaded> {
  const [cert, key, ca] = await Promise.all([
    readFile(files.cert),
    readFile(files.key),
    files.ca === undefined ? undefined : readFile(files.ca),
  ])
  const context = { cert, key, ...(ca === undefined ? {} : { ca }) }
  createSecureContext(context)
  const fingerprint = createHash('sha256').update(cert).update(key)
  if (ca !== undefined) fingerprint.update(ca)
  return { context, fingerprint: fingerprint.digest('hex'), validTo: new X509Certificate(cert).validToDate }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
