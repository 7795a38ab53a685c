// A slice of `npm run bench -- durability`: power cuts in the middle of writing, and that a loss would be noticed.

import { describe, expect, it } from 'vitest'
import { Account } from '../bench/durability/account.ts'
import { cutPower } from '../bench/durability/power.ts'

describe('a hub whose power is cut', () => {
  it('has every write that it acknowledged', () => {
    const { acknowledged, lost } = cutPower({ cuts: 60, seed: 3, lies: false })
    expect(lost).toEqual([])
    expect(acknowledged).toBeGreaterThan(500)
  })

  it('on a disk that only says that it synced is found to have lost some', () => {
    expect(cutPower({ cuts: 20, seed: 3, lies: true }).lost.length).toBeGreaterThan(10)
  })
})

describe('the account of what was acknowledged', () => {
  const checked = (writes: number, found: string | undefined) => {
    const account = new Account(1)
    for (let i = 0; i < writes; i++) {
      account.next(0)
      account.acknowledge(0)
    }
    account.next(0)
    return account.check(new Map(found === undefined ? [] : [['writer-0', found]]))
  }

  it('takes the last write and the one under way, and nothing else', () => {
    expect(checked(3, 'version 3')).toEqual([])
    expect(checked(3, 'version 4')).toEqual([])
    expect(checked(3, 'version 2')).toEqual(['writer-0: version 3 was acknowledged, version 2 is there'])
    expect(checked(3, undefined)).toEqual(['writer-0: version 3 was acknowledged, nothing is there'])
  })

  it('holds to removals', () => {
    expect(checked(10, undefined)).toEqual([])
    expect(checked(10, 'version 11')).toEqual([])
    expect(checked(10, 'version 9')).toEqual(['writer-0: removed was acknowledged, version 9 is there'])
    expect(checked(9, undefined)).toEqual([])
  })
})
