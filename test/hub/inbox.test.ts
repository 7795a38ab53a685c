// Messages told apart: which feature one is for, in whose name it speaks, which stream it takes.

import { describe, expect, it } from 'vitest'
import { seal } from '../../src/core/wire.ts'
import { isBulk, openMessage, openPublished, speakerOf } from '../../src/hub/inbox.ts'
import { changes, infoOf, peerOf, Rig } from './kit.ts'

const head = { peer: 'p', horizon: 0, root: 'r', signature: 's' }
const bodies: readonly [feature: string, kind: string, body: object, speaker: string | undefined][] = [
  ['membership', 'swim.ping', { pool: 'p', seq: 1, rumors: [] }, undefined],
  ['hierarchy', 'tier.report', { reporter: 'a', words: [] }, 'a'],
  ['hierarchy', 'tier.introduction', { words: [] }, undefined],
  ['presence', 'presence.leases', { home: 'b', rev: 1, leases: [] }, 'b'],
  ['presence', 'presence.beat', { home: 'b', slug: 'p', report: { isDegraded: false, reasons: [] } }, undefined],
  ['catalog', 'catalog.delta', { hub: 'c', epoch: [1, 'bb'], from: 0, to: 1, records: [], head }, 'c'],
  ['catalog', 'catalog.digest', { digest: 'd', reply: true }, undefined],
]

describe('a message', () => {
  it.each(bodies)('of %s, %s, is opened as such, and speaks for whom it names', (...row) => {
    const [feature, kind, body, speaker] = row
    const opened = openMessage(seal(kind, body))
    expect(opened).toEqual({ ok: true, letter: { feature, message: { kind, body } } })
    if (opened.ok) expect(speakerOf(opened.letter)).toBe(speaker)
  })

  it.each([
    ['nonsense', 'malformed', 'nonsense'],
    ['a body that its kind does not have', 'malformed', seal('swim.ping', { pool: 'p' })],
    ['a kind nobody knows', 'unknown-kind', seal('swim.dance', {})],
    ['another version', 'version', { ...seal('swim.ping', { pool: 'p', seq: 1, rumors: [] }), v: 1 }],
  ])('that is %s is refused as %s', (_, reason, value) => {
    expect(openMessage(value)).toEqual({ ok: false, reason })
  })

  it('that can change is judged each time it comes', () => {
    const body: Record<string, unknown> = { pool: 'p', seq: 1, rumors: [] }
    const value = seal('swim.ping', body)
    for (const open of [openMessage, openPublished]) {
      body['seq'] = 1
      expect(open(value).ok).toBe(true)
      body['seq'] = 'one'
      expect(open(value)).toEqual({ ok: false, reason: 'malformed' })
    }
  })

  it('that cannot change is judged once', () => {
    const value = Object.freeze(seal('catalog.digest', Object.freeze({ digest: 'd', reply: true })))
    const first = openPublished(value)
    expect(first.ok).toBe(true)
    expect(openPublished(value)).toBe(first)
  })

  it('is bulk when it is the catalog’s, and only then', () => {
    expect(bodies.filter(([, kind]) => isBulk(kind)).map(([feature]) => feature)).toEqual(['catalog', 'catalog'])
    expect(isBulk('catalog')).toBe(false)
  })
})

describe('a published word', () => {
  it('is judged by whose it is; over a link anyone may pass it on', () => {
    const rig = new Rig()
    rig.member('a', 'alive', { info: infoOf('a') })
    const value = seal('presence.leases', { home: 'a', rev: 1, leases: [] })
    const from = peerOf('other')
    expect(changes(rig.step({ type: 'message', from, value }))).toEqual([])
    expect(changes(rig.step({ type: 'message', from, topic: 'presence', value }))).toEqual([
      { type: 'dropped', reason: 'foreign-voice' },
    ])
  })
})
