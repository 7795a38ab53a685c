// What is made here is what typebox would have made: the same keywords in the same order, and the same values pass.

import { Type as TypeBox } from 'typebox'
import { Compile } from 'typebox/schema'
import { describe, expect, it } from 'vitest'
import { Type } from '../../src/core/schema.ts'

const values = [undefined, null, true, 0, 1, 1.5, '', 'a', 'bb', [], [1], ['a', null], {}, { a: 1 }, { a: 'a', b: 1 }]

/** Each maker, with rules and without, alone and inside others. */
function schemasOf(by: typeof Type) {
  const text = by.String({ minLength: 1, description: 'text' })
  const even = by.Refine(by.Unsafe<number>(by.Unknown()), (value) => value % 2 === 0)
  return {
    text,
    bare: by.String(),
    list: by.Array(text, { maxItems: 3 }),
    truth: by.Boolean({ default: true }),
    choice: by.Enum(['a', 'b'], { description: 'one of two' }),
    count: by.Integer({ minimum: 1 }),
    word: by.Literal('a'),
    yes: by.Literal(true),
    nothing: by.Null(),
    number: by.Number({ maximum: 1 }),
    empty: by.Object({}),
    object: by.Object({ a: text, b: by.Optional(by.Number()) }, { $id: 'Named' }),
    loose: by.Object({ a: by.Optional(text), b: by.Optional(text) }),
    refined: by.Object({ a: by.Optional(even) }),
    map: by.Record(by.String(), by.Integer()),
    named: by.Record(by.String({ pattern: '^a' }), text, { maxProperties: 1, additionalProperties: false }),
    pair: by.Tuple([text, by.Null()], { description: 'two' }),
    either: by.Union([text, by.Null()], { description: 'or' }),
    anything: by.Unknown({ description: 'whatever' }),
    even,
  }
}

const names = Object.keys(schemasOf(Type)) as (keyof ReturnType<typeof schemasOf>)[]
const [own, theirs] = [schemasOf(Type), schemasOf(TypeBox)]

describe('a schema', () => {
  it.each(names)('has the keywords that typebox gives it: %s', (name) => {
    expect(JSON.stringify(own[name])).toBe(JSON.stringify(theirs[name]))
  })

  it.each(names)('takes what typebox takes: %s', (name) => {
    const [ownCheck, theirCheck] = [Compile(own[name]), Compile(theirs[name])]
    const taken = values.map((value) => ownCheck.Check(value))
    expect(taken).toEqual(values.map((value) => theirCheck.Check(value)))
    expect(taken).toContain(true)
  })

  it('is another than the same one made optional', () => {
    const text = Type.String()
    const optional = Type.Object({ text: Type.Optional(text) })
    expect(Compile(optional).Check({})).toBe(true)
    expect(Compile(Type.Object({ text })).Check({})).toBe(false)
  })
})
