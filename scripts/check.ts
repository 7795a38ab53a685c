// All checks of the repository, one after the other, so that the output is readable; the last line counts them.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

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

const counts: readonly Count[] = [
  check('lint', ['biome', 'check', '.']),
  check('types', ['tsc', '-p', 'tsconfig.json']),
  check('types of the pure core', ['tsc', '-p', 'tsconfig.core.json']),
  tests(),
]
const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const failed = counts.reduce((sum, count) => sum + count.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function check(name: string, [tool = '', ...args]: readonly string[]): Count {
  console.log(`== ${name}`)
  return run(tool, args) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

function tests(): Count {
  console.log('== tests')
  const directory = mkdtempSync(join(tmpdir(), 'hubmesh-check-'))
  const file = join(directory, 'report.json')
  try {
    // Tests on real processes wait more than they compute: three files at a time use two cores well.
    const isFine = run('vitest', [
      'run',
      '--maxWorkers=3',
      '--testTimeout=30000',
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
  const env = { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}` }
  return spawnSync(join(tools, tool), args, { cwd: root, stdio: 'inherit', env }).status === 0
}
