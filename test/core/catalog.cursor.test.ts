// C18: what a cursor says, and what follows from one for whoever holds a catalog.

import { describe, expect, it } from 'vitest'
import { cursorText, frontierOf, readCursor } from '../../src/core/catalog/cursor.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import type { Epoch } from '../../src/core/catalog/slice.ts'
import { walk } from '../../src/core/catalog/walk.ts'
import { hubId, wallStart } from './kit.ts'

const first: Epoch = [1, 'aa']
const second: Epoch = [2, 'any nonce: ~/?%']

/** `x` is written, `-x` removed; a record's seq is its place in the list. */
function records(author: string, words: readonly string[]): CatalogRecord[] {
  return words.map((word, index) => {
    const seq = index + 1
    const stamp: [number, number, ReturnType<typeof hubId>] = [wallStart + seq, 0, hubId(author)]
    const key = word.replace('-', '')
    if (word.startsWith('-')) return { kind: 'project', key, seq, fields: {}, removed: stamp }
    return { kind: key.startsWith('other') ? 'other' : 'project', key, seq, fields: { life: [true, stamp] } }
  })
}

type Writing = readonly [hub: string, epoch: Epoch, words: readonly string[]]

/** A catalog in which these slices were taken whole, one after the other. */
function holding(...writings: readonly Writing[]): Replicas {
  const replicas = new Replicas()
  for (const [hub, epoch, words] of writings) write(replicas, [hub, epoch, words])
  return replicas
}

/** Takes the rest of a slice, as far as it is written. */
function write(replicas: Replicas, [hub, epoch, words]: Writing): void {
  const author = hubId(hub)
  const from = replicas.position(author, { epoch, seq: words.length }) ?? 0
  const latest = records(hub, words).filter(
    (record, _, all) => !all.some((o) => o.key === record.key && o.seq > record.seq),
  )
  replicas.apply({ hub: author, epoch, from, to: words.length, records: latest.filter((record) => record.seq > from) })
}

const projects = new Set(['project'])

/** The steps of a walk in short: `hub/key` with what a reader of the cursor would be told of next. */
function steps(replicas: Replicas, since: string): string[] {
  const told: string[] = []
  for (const step of walk(replicas, cursorOf(since), projects)) {
    if (step.type === 'entry') told.push(step.id.replace('project/', ''))
    else told.push(`reset ${step.isTotal ? 'all' : step.hub} ${step.reason}`)
  }
  return told
}

function cursorOf(text: string) {
  const cursor = readCursor(text)
  if (cursor === undefined) throw new Error(`${text} is no cursor`)
  return cursor
}

const at = (replicas: Replicas): string => cursorText(frontierOf(replicas))
const nowhere = '1'

describe('a cursor', () => {
  it('is short, is read back as it was, and passes through URLs and headers as it is', () => {
    const replicas = holding(['hub-b', first, ['x']], ['hub-a.eu_1', second, ['y', 'z']])
    const text = at(replicas)
    expect(text).toMatch(/^1~hub-a\.eu_1~[0-9a-z]{7}~2~hub-b~[0-9a-z]{7}~1$/)
    expect(encodeURIComponent(text)).toBe(text)
    expect(cursorText(cursorOf(text))).toBe(text)
  })

  it('says the same on every hub that holds the same, and something else in another epoch', () => {
    const words = ['x', 'y']
    expect(at(holding(['a', first, words], ['b', first, words]))).toBe(
      at(holding(['b', first, words], ['a', first, words])),
    )
    expect(at(holding(['a', first, words]))).not.toBe(at(holding(['a', second, words])))
  })

  it.each([
    '',
    '2',
    '1~',
    '1~hub-a',
    '1~hub-a~0000000',
    '1~hub-a~0000000~01',
    '1~hub-a~0000000~-1',
    '1~hub-a~0000000~zzzzzzzzzzz',
    '1~hub-a~000000~1',
    '1~hub-a~000000A~1',
    '1~hub a~0000000~1',
    '1~hub-b~0000000~1~hub-a~0000000~1',
    '1~hub-a~0000000~1~hub-a~0000000~1',
    '1~hub-a~0000000~1~',
    '1~hub-a~0000000~1\n',
  ])('is not %j', (text) => {
    expect(readCursor(text)).toBeUndefined()
  })
})

describe('a walk', () => {
  it.each<[what: string, then: readonly Writing[], now: readonly Writing[], told: readonly string[]]>([
    ['nothing to whom knows all', [['a', first, ['x']]], [], []],
    ['what was written since', [['a', first, ['x', 'y']]], [['a', first, ['x', 'y', 'z', 'x']]], ['z', 'x']],
    ['a removal since', [['a', first, ['x', 'y']]], [['a', first, ['x', 'y', '-x']]], ['x']],
    ['of several writings the last', [['a', first, ['x']]], [['a', first, ['x', 'y', 'y', '-y', 'y']]], ['y']],
    ['a slice that is new, whole', [['a', first, ['x']]], [['b', first, ['y', '-z']]], ['y', 'z']],
    ['what another hub removed', [['a', first, ['x']]], [['b', first, ['-x']]], ['x']],
    [
      'an entry of two slices once',
      [],
      [
        ['a', first, ['x', 'y']],
        ['b', first, ['x']],
      ],
      ['y', 'x'],
    ],
    [
      'one of two slices again where one has it anew',
      [
        ['a', first, ['x']],
        ['b', first, ['x']],
      ],
      [['a', first, ['x', 'x']]],
      ['x'],
    ],
    ['nothing of other kinds', [['a', first, ['x']]], [['a', first, ['x', 'other-1']]], []],
    [
      'a slice of a later epoch whole',
      [['a', first, ['x', 'y']]],
      [['a', second, ['x', '-z', 'y']]],
      ['reset all epoch', 'x', 'z', 'y'],
    ],
    [
      'what only an earlier epoch said as well',
      [['a', first, ['x', 'y']]],
      [['a', second, ['z']]],
      ['reset all epoch', 'z', 'x', 'y'],
    ],
  ])('tells %s', (...row) => {
    const [, then, now, told] = row
    const replicas = holding(...then)
    const since = at(replicas)
    for (const writing of now) write(replicas, writing)
    expect(steps(replicas, since)).toEqual(told)
  })

  it('tells a slice whole to whom was told more of it', () => {
    const ahead = at(holding(['a', first, ['x', 'y', 'z']], ['b', first, ['u']]))
    expect(steps(holding(['a', first, ['x', '-y']], ['b', first, ['u']]), ahead)).toEqual(['reset a ahead', 'x', 'y'])
  })

  it('begins anew for whom was told of an epoch to come', () => {
    const later = at(holding(['a', second, ['x']], ['b', first, ['u']]))
    expect(steps(holding(['a', first, ['x', '-y']], ['b', first, ['u']]), later)).toEqual([
      'reset all epoch',
      'x',
      'y',
      'u',
    ])
  })

  it('begins anew for whom was told of a slice that is not held, or was dropped', () => {
    const replicas = holding(['a', first, ['x']], ['b', first, ['-y']])
    const since = at(replicas)
    replicas.drop(hubId('a'))
    expect(steps(replicas, since)).toEqual(['reset all unknown', 'y'])
    expect(steps(holding(), since)).toEqual(['reset all unknown'])
  })

  it('can be broken off after any step, and goes on from there without missing anything', () => {
    const replicas = holding(['a', first, ['x', 'y']], ['b', second, ['y', 'z']], ['c', first, ['u', '-v']])
    write(replicas, ['b', [3, 'cc'], ['w']])
    const told: { readonly id: string; readonly at: string }[] = []
    for (const step of walk(replicas, cursorOf(nowhere), projects)) if (step.type === 'entry') told.push(step)
    expect(new Set(told.map((step) => step.id)).size).toBe(6)
    expect(told.at(-1)?.at).toBe(at(replicas))
    for (const [index, { at: since }] of told.entries()) {
      const known = new Set(told.slice(0, index + 1).map((step) => step.id))
      const rest = steps(replicas, since).map((key) => `project/${key}`)
      expect(new Set([...known, ...rest]).size).toBe(6)
    }
  })

  it('reads slices as they are when it comes to them, and claims no more than it told', () => {
    const replicas = holding(['a', first, ['x', 'y']], ['b', first, ['z']])
    const steps = walk(replicas, cursorOf(nowhere), projects)
    expect(steps.next().value).toMatchObject({ id: 'project/x', at: expect.stringMatching(/^1~a~\w{7}~0$/) })
    write(replicas, ['a', first, ['x', 'y', 'w']])
    write(replicas, ['b', first, ['z', 'v']])
    const rest = [...steps].flatMap((step) => (step.type === 'entry' ? [step] : []))
    expect(rest.map((step) => step.id)).toEqual(['project/y', 'project/w', 'project/z', 'project/v'])
    expect(rest.at(-1)?.at.replace(/[0-9a-z]{7}/g, '*')).toBe('1~a~*~2~b~*~2')
  })
})
