// `npm run fuzz -- [--frames N] [--seed S]`: broken frames for every decoder. Prints the seed first, and each frame that
// breaks something in hex; exits 1 when there is one. `--target NAME --hex FRAME` gives one again.

import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { fuzz, replay } from './fuzz/fuzzer.ts'

const usage = 'usage: npm run fuzz -- [--frames N] [--seed S] | --target NAME --hex FRAME'
const string = { type: 'string' } as const
const { values } = parseArgs({ options: { frames: string, seed: string, target: string, hex: string } })
const frames = Number(values.frames ?? 1_000_000)
const seed = Number(values.seed ?? randomInt(2 ** 31))

if (values.target !== undefined && values.hex !== undefined) {
  const what = await replay(values.target, values.hex)
  console.log(what ?? 'taken as it should be')
  process.exit(what === undefined ? 0 : 1)
}
if (!Number.isSafeInteger(frames) || frames < 1 || !Number.isSafeInteger(seed)) {
  console.error(usage)
  process.exit(2)
}
console.log(`seed ${seed}`)
const started = performance.now()
const { counts, findings } = await fuzz({
  seed,
  frames,
  ...(process.stderr.isTTY ? { progress: (done: number) => process.stderr.write(`\r${done}`) } : {}),
})
for (const { target, index, hex, what } of findings) {
  console.log(`\n${target}, frame ${index} of seed ${seed}: ${what}\n--target ${target} --hex ${hex}`)
}
const seconds = (performance.now() - started) / 1_000
const told = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
console.log(`${frames} frames in ${seconds.toFixed(1)} s: ${told.join(', ')}; ${findings.length} findings`)
process.exit(findings.length === 0 ? 0 : 1)
