// HTTPS with certificates that are made here by openssl, and renewed while the hub runs.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type TestHub, testHub } from './hubs.ts'
import { mayLeaveOut } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-tls-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const at = (name: string) => join(directory, name)

/** A certificate of this machine, signed by itself: `<name>.crt` and `<name>.key`. */
function certify(name: string): void {
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '90']
      .concat(['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)])
      .concat(['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']),
    { stdio: 'ignore' },
  )
}

/** Whose certificate the hub shows. */
function shown({ url }: { readonly url: string }): Promise<string> {
  const { port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.end()
    })
    socket.on('error', reject)
  })
}

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

function get(url: string, options: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }) {
  return new Promise<Answer>((resolve, reject) => {
    const asked = request(url, { ...options, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode, body }))
    })
    asked.on('error', reject).end()
  })
}

describe.skipIf(mayLeaveOut('openssl', 'version'))('a hub with a certificate', () => {
  let hub: TestHub
  let ca: Buffer

  beforeAll(async () => {
    for (const name of ['first', 'second', 'third', 'client', 'stranger']) certify(name)
    ca = Buffer.concat(['first', 'second', 'third'].map((name) => readFileSync(at(`${name}.crt`))))
    renew('first')
    hub = await testHub({
      HUBMESH_SECURITY__TLS__CERT_FILE: at('hub.crt'),
      HUBMESH_SECURITY__TLS__KEY_FILE: at('hub.key'),
      HUBMESH_SECURITY__ADMIN_HOST: '127.0.0.1:0',
    })
  })
  afterAll(() => hub.stop())

  function renew(name: string): void {
    copyFileSync(at(`${name}.crt`), at('hub.crt'))
    copyFileSync(at(`${name}.key`), at('hub.key'))
  }

  const patiently = { timeout: 9_000, interval: 100 }
  const isShown = (name: string) => vi.waitFor(async () => expect(await shown(hub)).toBe(name), patiently)
  const tlsCheck = async () =>
    JSON.parse((await get(`${hub.url}/health`, { ca })).body).checks.tls as { status: string }

  it('speaks HTTPS, and on the listener of admins as well', async () => {
    expect(hub.url).toMatch(/^https:/)
    expect((await get(`${hub.url}/health/live`, { ca })).status).toBe(200)
    expect(await shown(hub)).toBe('first')
    expect(await tlsCheck()).toMatchObject({ status: 'pass' })
    const line = hub.lines.find((one) => one['operation'] === 'admin') as { listener: { port: number } }
    expect(await shown({ url: `https://127.0.0.1:${line.listener.port}` })).toBe('first')
    await expect(fetch(hub.url.replace('https', 'http'))).rejects.toThrow()
  })

  it('shows a renewed one without a restart, and connections go on', async () => {
    renew('second')
    await isShown('second')
    expect((await get(`${hub.url}/health/live`, { ca })).status).toBe(200)
    expect(hub.lines).toContainEqual(expect.objectContaining({ operation: 'tls', msg: 'the certificate was renewed' }))
  })

  it.each([
    ['the key of another', () => copyFileSync(at('third.crt'), at('hub.crt')), 'key values mismatch'],
    ['no file', () => rmSync(at('hub.key')), 'ENOENT'],
  ])('keeps the old one where the renewal is %s, and says so', async (_, spoil, reason) => {
    spoil()
    await vi.waitFor(async () => expect((await tlsCheck()).status).toBe('warn'), patiently)
    expect(await shown(hub)).toBe('second')
    const warnings = hub.lines.filter((line) => line['operation'] === 'tls' && line['level'] === 'warn')
    expect(String(warnings.at(-1)?.['error'])).toContain(reason)
    renew('second')
    await vi.waitFor(async () => expect((await tlsCheck()).status).toBe('pass'), patiently)
  })

  it('takes the one that comes after a broken one', async () => {
    renew('third')
    await isShown('third')
    expect(await tlsCheck()).toMatchObject({ status: 'pass' })
  })

  it('does not start with files that are none', async () => {
    const files = { HUBMESH_SECURITY__TLS__CERT_FILE: at('gone.crt'), HUBMESH_SECURITY__TLS__KEY_FILE: at('hub.key') }
    await expect(testHub(files)).rejects.toThrow(/security\.tls cannot be used: .*gone\.crt/)
  })

  it('with an authority asks callers for a certificate of it', async () => {
    const other = await testHub({
      HUBMESH_SECURITY__TLS__CERT_FILE: at('first.crt'),
      HUBMESH_SECURITY__TLS__KEY_FILE: at('first.key'),
      HUBMESH_SECURITY__TLS__CA_FILE: at('client.crt'),
    })
    try {
      const as = (name: string) => ({ ca, cert: readFileSync(at(`${name}.crt`)), key: readFileSync(at(`${name}.key`)) })
      const live = `${other.url}/health/live`
      expect((await get(live, as('client'))).status).toBe(200)
      await expect(get(live, as('stranger'))).rejects.toThrow()
      await expect(get(live, { ca })).rejects.toThrow()
    } finally {
      await other.stop()
    }
  })
})
