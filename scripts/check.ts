// All checks of the repository: lint and types side by side, each with its output in one piece, then the tests. The last
// line counts them.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

interface Count {
  readonly passed: number
  readonly failed: number
}

/** What of vitest's JSON report is read. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const root = dirname(import.meta.dirname)
const tools = join(root, 'node_modules/.bin')

const statics = await Promise.all([
  check('lint', ['biome', 'check', '.']),
  check('types', ['tsc', '-p', 'tsconfig.json']),
  check('types of the pure core', ['tsc', '-p', 'tsconfig.core.json']),
])
const counts: readonly Count[] = [...statics, tests()]
const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const failed = counts.reduce((sum, count) => sum + count.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function check(name: string, [tool = '', ...args]: readonly string[]): Promise<Count> {
  const child = spawn(join(tools, tool), args, { cwd: root, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  console.log(`== ${name}`)
  process.stdout.write(out + err)
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

function tests(): Count {
  console.log('== tests')
  const directory = mkdtempSync(join(tmpdir(), 'hubmesh-check-'))
  const file = join(directory, 'report.json')
  try {
    // Tests on real processes wait more than they compute: three files at a time use two cores well. Files share what they
    // import, which saves a fifth of the CPU: no module keeps state that a test could leave behind.
    const isFine = run('vitest', [
      'run',
      '--maxWorkers=3',
      '--no-isolate',
      // Twenty times what the slowest take on a calm machine: what hangs is found, what waits for a processor is not blamed.
      '--testTimeout=90000',
      '--hookTimeout=90000',
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ])
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report
    // A file that cannot even be loaded has no tests that fail.
    const broken = report.testResults.filter(
      (one) => one.status === 'failed' && one.assertionResults.length === 0,
    ).length
    const failed = report.numFailedTests + broken
    return { passed: report.numPassedTests, failed: isFine ? failed : Math.max(1, failed) }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return { passed: 0, failed: 1 }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function run(tool: string, args: readonly string[]): boolean {
  return spawnSync(join(tools, tool), args, { cwd: root, stdio: 'inherit', env: environment() }).status === 0
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}` }
}
