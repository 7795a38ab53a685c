// The mutation tool makes the mistakes it says it makes, and nowhere else.

import { describe, expect, it } from 'vitest'
import { apply, mutationsOf } from '../scripts/mutation/mutations.ts'
import { importGraph, testsOf } from '../scripts/mutation/tests.ts'

const mutants = (text: string) => mutationsOf('a.ts', text).map((mutation) => apply(text, mutation))

describe('a mutation', () => {
  it.each([
    ['x = a < b', 'x = a <= b'],
    ['x = a !== b', 'x = a === b'],
    ['x = a && b', 'x = a || b'],
    ['x = a + b', 'x = a - b'],
    ['x = !a', 'x = a'],
    ['x = true', 'x = false'],
    ['x = 7', 'x = 0'],
    ['x = 0', 'x = 1'],
    ['x += y', 'x -= y'],
    ['f(x)', ';'],
    ['function f() { if (a) return }', 'function f() { if (a) ; }'],
    ['for (;;) continue', 'for (;;) ;'],
  ])('turns `%s` into `%s`', (before, after) => {
    expect(mutants(before)).toContain(after)
  })

  it.each([
    `import { a } from './b.ts'`,
    'interface A { readonly x: 1 | true }',
    'type A = 1',
    'const a = Type.Object({ x: Type.Integer({ minimum: 1 }) })',
    '// 1 + 1',
    `const a = 'x < 1'`,
    'switch (a) { case b: break }',
  ])('leaves `%s` alone', (text) => {
    expect(mutants(text)).toEqual([])
  })

  it('says where it is', () => {
    expect(mutationsOf('a.ts', '\n\nf(x)')[0]).toMatchObject({ path: 'a.ts', line: 3, what: 'without f(x)' })
  })
})

describe('the tests that can notice a change', () => {
  const tree = new Map([
    ['src/core/a.ts', ''],
    ['src/core/b.ts', `import './a.ts'`],
    ['test/far.test.ts', `import '../src/core/b.ts'`],
    ['test/near.test.ts', `import '../src/core/a.ts'`],
    ['test/other.test.ts', `import 'vitest'`],
    ['test/real.test.ts', `import '../src/core/a.ts'\nimport '../src/adapters/store/level.ts'`],
  ])

  it('are those that reach the file, the nearest first, without those that need the real world', () => {
    expect(testsOf('src/core/a.ts', importGraph(tree))).toEqual(['test/near.test.ts', 'test/far.test.ts'])
    expect(testsOf('src/core/b.ts', importGraph(tree))).toEqual(['test/far.test.ts'])
  })
})
