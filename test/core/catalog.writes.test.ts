// What a caller's wish makes of the own record, given what all slices show.

import { describe, expect, it } from 'vitest'
import type { Stamp } from '../../src/core/catalog/hlc.ts'
import { type CatalogRecord, type Field, join } from '../../src/core/catalog/record.ts'
import { applyWrite, type Content, type Facts, type Outcome, type Write } from '../../src/core/catalog/writes.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { hubId } from './kit.ts'

function stamp(time: number, hub = 'me'): Stamp {
  return [time, 0, hubId(hub)]
}

function record(fields: Record<string, Field>, removed?: Stamp): CatalogRecord {
  const content = { kind: 'project', key: 'p', seq: 1, fields: fields as CatalogRecord['fields'] }
  return removed === undefined ? content : { ...content, removed }
}

function factsOf(own: CatalogRecord | undefined, ...others: CatalogRecord[]): Facts {
  return { own, joined: join(own === undefined ? others : [...others, own]) }
}

const now = stamp(100)
const apply = (write: Write, facts: Facts): { content?: Content; outcome: Outcome } => applyWrite(write, facts, now)

describe('registering', () => {
  it('stamps the given fields and life, and gives a new entry its initial fields', () => {
    const write: Write = {
      ...putOf('p', { name: 'n' }),
      op: 'put',
      initial: { created: 1, name: 'slug' },
      fields: { name: 'n' },
      sets: {},
    }
    const { content, outcome } = apply(write, factsOf(undefined))
    expect(outcome).toBe('created')
    expect(content).toEqual({ fields: { life: [true, now], created: [1, now], name: ['n', now] } })
  })

  it('leaves the other fields of an existing entry as they were stamped', () => {
    const own = record({ life: [true, stamp(1)], url: ['u', stamp(1)] })
    const { content, outcome } = apply(
      { ...putOf('p', { name: 'n' }), op: 'put', initial: { url: 'x' }, fields: { name: 'n' }, sets: {} },
      factsOf(own),
    )
    expect(outcome).toBe('updated')
    expect(content).toEqual({ fields: { life: [true, now], url: ['u', stamp(1)], name: ['n', now] } })
  })

  it('updates what another hub registered, in a record of its own', () => {
    const theirs = record({ life: [true, stamp(1, 'b')], url: ['u', stamp(1, 'b')] })
    const { content, outcome } = apply(putOf('p', { name: 'n' }), factsOf(undefined, theirs))
    expect(outcome).toBe('updated')
    expect(content).toEqual({ fields: { life: [true, now], name: ['n', now] } })
  })

  it('revives a removed entry without its old fields, and keeps the removal beside it (C1, C7)', () => {
    const own = record({ life: [true, stamp(1)], url: ['u', stamp(1)] }, stamp(0))
    const theirs = record({}, stamp(2, 'b'))
    const { content, outcome } = apply(putOf('p', { name: 'n' }), factsOf(own, theirs))
    expect(outcome).toBe('created')
    expect(content).toEqual({ fields: { life: [true, now], name: ['n', now] }, removed: stamp(0) })
  })
})

describe('a set of tags (C6)', () => {
  const tagged = (...tags: string[]): Write => putOf('p', {}, tags)

  it('is a field for each', () => {
    const { content } = apply(tagged('x', 'y'), factsOf(undefined))
    expect(content?.fields).toEqual({ life: [true, now], 'tag:x': [true, now], 'tag:y': [true, now] })
  })

  it('is left alone by a write that does not name it', () => {
    const own = record({ life: [true, stamp(1)], 'tag:x': [true, stamp(1)] })
    expect(apply(putOf('p', { name: 'n' }), factsOf(own)).content?.fields['tag:x']).toEqual([true, stamp(1)])
  })

  it('loses a tag by voiding the newest add that was seen, under its stamp', () => {
    const own = record({ life: [true, stamp(1)], 'tag:x': [true, stamp(1)] })
    const theirs = record({ 'tag:x': [true, stamp(2, 'b')] })
    const { content } = apply(tagged('y'), factsOf(own, theirs))
    expect(content?.fields['tag:x']).toEqual([null, stamp(2, 'b')])
    const joined = join([theirs, record(content?.fields ?? {})])
    expect(joined.fields['tag:x']).toEqual([null, stamp(2, 'b')])
  })

  it('keeps a tag that was added at the same time elsewhere', () => {
    const theirs = record({ 'tag:x': [true, stamp(2, 'b')] })
    const { content } = apply(tagged(), factsOf(undefined, theirs))
    const joined = join([record({ 'tag:x': [true, stamp(3, 'b')] }), record(content?.fields ?? {})])
    expect(joined.fields['tag:x']).toEqual([true, stamp(3, 'b')])
  })

  it('keeps voids, also where no other record holds the add: a copy that nobody here holds may (C6)', () => {
    const own = record({ life: [true, stamp(1)], 'tag:x': [true, stamp(1)] })
    expect(apply(tagged(), factsOf(own)).content?.fields['tag:x']).toEqual([null, stamp(1)])
    const guard = record({ life: [true, stamp(1)], 'tag:x': [null, stamp(2, 'b')] })
    const adder = record({ 'tag:x': [true, stamp(2, 'b')] })
    const later = record({ 'tag:x': [true, stamp(3, 'b')] })
    for (const others of [[], [adder], [later]]) {
      expect(apply(putOf('p', {}), factsOf(guard, ...others)).content?.fields['tag:x']).toEqual([null, stamp(2, 'b')])
    }
  })
})

describe('removing', () => {
  it('leaves nothing but the removal', () => {
    const own = record({ life: [true, stamp(1)], name: ['n', stamp(1)] })
    expect(apply(removeOf('p'), factsOf(own))).toEqual({ content: { fields: {}, removed: now }, outcome: 'removed' })
  })

  it('removes what only another hub registered', () => {
    const theirs = record({ life: [true, stamp(1, 'b')] })
    expect(apply(removeOf('p'), factsOf(undefined, theirs)).outcome).toBe('removed')
  })

  it('tells an entry that never was from one that was removed, and writes nothing', () => {
    expect(apply(removeOf('p'), factsOf(undefined))).toEqual({ outcome: 'absent' })
    expect(apply(removeOf('p'), factsOf(record({}, stamp(1))))).toEqual({ outcome: 'absent-removed' })
    expect(apply(removeOf('p'), factsOf(record({ name: ['n', stamp(1)] })))).toEqual({ outcome: 'absent' })
  })
})

describe('taking over a record of an earlier epoch (C13)', () => {
  const old = record({ life: [true, stamp(1)], name: ['n', stamp(3)] }, stamp(0))
  const adopt: Write = { op: 'adopt', kind: 'project', key: 'p', record: old }

  it('keeps its stamps', () => {
    expect(apply(adopt, factsOf(undefined)).content).toEqual({ fields: old.fields, removed: stamp(0) })
  })

  it('adds to the own record only what is later, or missing', () => {
    const own = record({ life: [true, stamp(2)], name: ['m', stamp(2)] }, stamp(1))
    const { content, outcome } = apply(adopt, factsOf(own))
    expect(outcome).toBe('updated')
    expect(content).toEqual({ fields: { life: [true, stamp(2)], name: ['n', stamp(3)] }, removed: stamp(1) })
  })

  it('writes nothing where the own record has it all', () => {
    expect(apply(adopt, factsOf(old))).toEqual({ outcome: 'unchanged' })
    expect(apply(adopt, factsOf(record({}, stamp(9))))).toEqual({ outcome: 'unchanged' })
  })

  it('takes a later removal', () => {
    const write: Write = { ...adopt, op: 'adopt', record: record({}, stamp(5)) }
    expect(apply(write, factsOf(record({ life: [true, stamp(1)] }))).content?.removed).toEqual(stamp(5))
  })
})

describe('pruning (C7)', () => {
  const prune: Write = { op: 'prune', kind: 'project', key: 'p' }
  const own = record({ life: [true, stamp(1)], name: ['n', stamp(5)] }, stamp(0))

  it('says a removal that was made elsewhere instead of what it covers', () => {
    const { content, outcome } = apply(prune, factsOf(own, record({}, stamp(2, 'b'))))
    expect(outcome).toBe('updated')
    expect(content).toEqual({ fields: { name: ['n', stamp(5)] }, removed: stamp(2, 'b') })
  })

  it('writes nothing where nothing is covered, or nothing is there', () => {
    expect(apply(prune, factsOf(own)).content).toBeUndefined()
    expect(apply(prune, factsOf(undefined, record({}, stamp(2, 'b')))).content).toBeUndefined()
  })
})
