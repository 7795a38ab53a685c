// `npm run bench -- NAME`: runs one bench. Each prints a table, ends its rows in `ok` or `MISS` and its output in
// `targets: N ok, N MISS`, and exits 1 when a target is missed.

import { propagation } from './propagation.ts'
import type { Row } from './row.ts'
import { simulator } from './simulator.ts'
import { startup } from './startup.ts'

const benches: Readonly<Record<string, () => Promise<readonly Row[]>>> = { propagation, simulator, startup }

const [name = ''] = process.argv.slice(2)
const bench = benches[name]
if (bench === undefined) {
  console.error(`bench: ${name === '' ? 'name one' : `there is no ${name}`}: ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
} else {
  const rows = await bench()
  for (const { what, measured, target, isMet } of rows) {
    console.log(`${what.padEnd(52)} ${measured.padStart(16)}  target ${target.padEnd(12)} ${isMet ? 'ok' : 'MISS'}`)
  }
  const met = rows.filter((row) => row.isMet).length
  console.log(`targets: ${met} ok, ${rows.length - met} MISS`)
  process.exitCode = met === rows.length ? 0 : 1
}
