// What a hub's log says of its life, line by line.

import { expect, it } from 'vitest'
import { createLog, logChange } from '../src/adapters/log.ts'

it('names the entries that a hub announces anew after a long absence, a hundred of them at most', () => {
  const lines: string[] = []
  const log = createLog({ hub: 'a', level: 'info', write: (line) => lines.push(line) })
  logChange(log, { type: 'opened', epoch: [1, 'x'] })
  logChange(log, { type: 'opened', epoch: [2, 'x'], anew: Array.from({ length: 120 }, (_, i) => `project/p${i}`) })
  const [usual, anew] = lines.map((line) => JSON.parse(line))
  expect(usual).toMatchObject({ level: 'info', operation: 'opened', msg: 'own slice of the catalog is open' })
  expect(anew).toMatchObject({ level: 'warn', operation: 'opened', entity_count: 120 })
  expect(anew.entries).toHaveLength(100)
})
