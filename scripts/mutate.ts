// How good are the tests? Takes n small mistakes by seed, one at a time, and lets the tests look for each: the nearest
// first, then the others that reach the file, then two short simulations. A mutant that hangs is noticed too.
// Exit: 0 when at least 80 % are noticed, 1 when fewer or when the tests fail unchanged, 2 on wrong usage.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Random } from '../src/core/random.ts'
import { apply, type Mutation, mutationsOf } from './mutation/mutations.ts'
import { importGraph, testsOf } from './mutation/tests.ts'
import { type Check, Workshop } from './mutation/workshop.ts'
import { parse } from './syntax.ts'

const root = join(import.meta.dirname, '..')
const demanded = 0.8
const workers = 2
const boundMs = 60_000
const usage = 'usage: scripts/mutate [--seed 1] [--n 100] [--under src/core/catalog]'

interface Order {
  readonly seed: number
  readonly n: number
  readonly under: string
}

interface Result {
  readonly mutation: Mutation
  /** Who noticed. */
  readonly by: string | undefined
}

const vitest = (name: string, files: readonly string[]): Check => ({
  name,
  args: ['node_modules/vitest/vitest.mjs', 'run', '--bail=1', '--maxWorkers=1', '--reporter=dot', ...files],
  boundMs,
})
const simulation = (scenario: string, seed: number): Check => ({
  name: `simulation ${scenario}, seed ${seed}`,
  args: ['simulations/run.ts', '--scenario', scenario, '--hubs', '12', '--seed', String(seed), '--duration', '30'],
  boundMs,
})
const simulations = [simulation('churn', 1), simulation('partition-heals', 2)]

function readOrder(): Order | undefined {
  try {
    const options = { seed: { type: 'string' }, n: { type: 'string' }, under: { type: 'string' } } as const
    const { values } = parseArgs({ options })
    const [seed, n] = [Number(values.seed ?? 1), Number(values.n ?? 100)]
    return Number.isInteger(seed) && Number.isInteger(n) && n > 0
      ? { seed, n, under: values.under ?? 'src' }
      : undefined
  } catch {
    return undefined
  }
}

function readTree(): Map<string, string> {
  const paths = ['src', 'test', 'simulations'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  return new Map(
    paths.filter((path) => path.endsWith('.ts')).map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  )
}

function choose(tree: ReadonlyMap<string, string>, order: Order): Mutation[] {
  const paths = [...tree.keys()]
    .filter((path) => /^src\/(core|hub)\//.test(path) && path.startsWith(order.under))
    .sort()
  const all = paths.flatMap((path) => mutationsOf(path, tree.get(path) ?? ''))
  const chosen: Mutation[] = []
  for (const mutation of new Random(order.seed).shuffle(all)) {
    if (chosen.length === order.n) break
    if (isModule(apply(tree.get(mutation.path) ?? '', mutation))) chosen.push(mutation)
  }
  return chosen
}

/** Some changes are no TypeScript (`??` beside `&&`): every test would notice those. */
function isModule(text: string): boolean {
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}

/** The nearest test alone, then the rest together, then the simulator. */
function checksOf(tests: readonly string[]): Check[] {
  const [nearest, ...others] = tests
  const checks = nearest === undefined ? [] : [vitest(nearest, [nearest])]
  if (others.length > 0) checks.push(vitest('the other tests', others))
  return [...checks, ...simulations]
}

async function main(): Promise<number> {
  const order = readOrder()
  if (order === undefined) {
    process.stderr.write(`${usage}\n`)
    return 2
  }
  process.stdout.write(`seed ${order.seed}\n`)
  const tree = readTree()
  const imports = importGraph(tree)
  const mutations = choose(tree, order)
  const workshops: Workshop[] = []
  const tidy = () => {
    for (const workshop of workshops) workshop.remove()
  }
  process.on('SIGINT', () => {
    tidy()
    process.exit(130)
  })
  try {
    while (workshops.length < workers) workshops.push(new Workshop(root))
    const reason = await unchangedFailure(workshops[0], [
      ...new Set(mutations.flatMap((m) => testsOf(m.path, imports))),
    ])
    if (reason !== undefined) {
      process.stderr.write(`${reason} fails without any mutation: nothing can be told\n`)
      return 1
    }
    const results = await judge(mutations, workshops, (path) => checksOf(testsOf(path, imports)))
    return report(results)
  } finally {
    tidy()
  }
}

async function unchangedFailure(workshop: Workshop | undefined, tests: readonly string[]): Promise<string | undefined> {
  for (const check of [vitest(tests.join(' '), tests), ...simulations]) {
    if ((await workshop?.run(check)) !== 'passed') return check.name
  }
  return undefined
}

async function judge(
  mutations: readonly Mutation[],
  workshops: readonly Workshop[],
  checks: (path: string) => Check[],
): Promise<Result[]> {
  const results: Result[] = []
  const queue = [...mutations]
  const work = async (workshop: Workshop): Promise<void> => {
    for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
      const by = await workshop.noticed(mutation, checks(mutation.path))
      results.push({ mutation, by: by?.name })
      const verdict = by === undefined ? 'SURVIVED' : 'caught  '
      const { path, line, what } = mutation
      process.stdout.write(`${verdict} ${path}:${line} ${what}${by === undefined ? '' : ` (${by.name})`}\n`)
    }
  }
  await Promise.all(workshops.map(work))
  return results
}

function report(results: readonly Result[]): number {
  const caught = results.filter((result) => result.by !== undefined).length
  process.stdout.write(`caught ${caught} of ${results.length}\n`)
  return caught >= demanded * results.length ? 0 : 1
}

process.exitCode = await main()
