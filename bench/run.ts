// `npm run bench -- NAME`: runs one bench. Each prints a table, ends its rows in `ok` or `MISS` and its output in
// `targets: N ok, N MISS`, and exits 1 when a target is missed. `--json` prints the rows instead.

import { catalog } from './catalog.ts'
import { durability } from './durability.ts'
import { healing } from './healing.ts'
import { http } from './http.ts'
import { membership } from './membership/membership.ts'
import { nats } from './nats.ts'
import { presence } from './presence.ts'
import { propagation } from './propagation.ts'
import type { Report, Row } from './row.ts'
import { serf } from './serf.ts'
import { simulator } from './simulator.ts'
import { startup } from './startup.ts'

type Bench = (args: readonly string[]) => Promise<Report | readonly Row[]>

const benches: Readonly<Record<string, Bench>> = {
  catalog,
  durability,
  healing,
  http,
  membership,
  nats,
  presence,
  propagation,
  serf,
  simulator,
  startup,
}

const [name = '', ...args] = process.argv.slice(2)
const bench = benches[name]
if (bench === undefined) {
  console.error(`bench: ${name === '' ? 'name one' : `there is no ${name}`}: ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
} else {
  const found = await bench(args)
  const { rows, text } = 'rows' in found ? found : { rows: found, text: [] }
  const met = rows.filter((row) => row.isMet).length
  if (args.includes('--json')) console.log(JSON.stringify(rows, undefined, 2))
  else {
    for (const line of text) console.log(line)
    for (const { what, measured, target, isMet } of rows) {
      console.log(`${what.padEnd(52)} ${measured.padStart(16)}  target ${target.padEnd(12)} ${isMet ? 'ok' : 'MISS'}`)
    }
    console.log(`targets: ${met} ok, ${rows.length - met} MISS`)
  }
  process.exitCode = met === rows.length ? 0 : 1
}
